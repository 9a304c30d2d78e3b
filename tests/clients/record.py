"""A pytest plugin: writes what became of each test to the file that CLIENTS_LOG names."""

import json
import os


class Recorder:
    def __init__(self, path):
        self.file = open(path, "a")  # noqa: SIM115
        self.done = {}

    def write(self, test, outcome, why=""):
        self.file.write(json.dumps({"test": test, "outcome": outcome, "why": why}) + "\n")
        self.file.flush()

    def pytest_collectreport(self, report):
        if report.failed:
            self.write(report.nodeid, "failed", str(report.longrepr).splitlines()[-1])

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            why = ""
            if report.failed:
                crash = getattr(report.longrepr, "reprcrash", None)
                why = crash.message if crash else str(report.longrepr)
            elif report.skipped:
                why = report.longrepr[-1] if isinstance(report.longrepr, tuple) else ""
            outcome = "failed as expected" if hasattr(report, "wasxfail") and report.skipped else report.outcome
            self.write(report.nodeid, outcome, why)


def pytest_configure(config):
    config.pluginmanager.register(Recorder(os.environ["CLIENTS_LOG"]))
