"""Whether gradients are recorded: `with` statements, decorators and a switch."""

import functools

from . import _civita

__all__ = ["enable_grad", "no_grad", "set_grad_enabled"]


class _Decorator:
    """What makes a mode a decorator, with parentheses and without."""

    __slots__ = ()

    def __new__(cls, function=None):
        mode = super().__new__(cls)
        return mode if function is None else mode(function)

    def __call__(self, function):
        return _within(type(self), function)


class no_grad(_Decorator, _civita._NoGrad):
    """Nothing is recorded inside: `with cv.no_grad(): ...`, or `@cv.no_grad` over a function, a method or a generator.

    Examples
    --------
    >>> w = cv.array([1.0, 2.0], requires_grad=True)
    >>> with cv.no_grad():
    ...     w -= 0.1 * w
    >>> w.requires_grad, (w * 2).requires_grad
    (True, True)
    """

    __slots__ = ()


class enable_grad(_Decorator, _civita._EnableGrad):
    """Gradients are recorded inside, also within `no_grad`: `with cv.enable_grad(): ...`, or `@cv.enable_grad` over a function.

    Examples
    --------
    >>> x = cv.array(3.0, requires_grad=True)
    >>> with cv.no_grad(), cv.enable_grad():
    ...     (x * 2).requires_grad
    True
    """

    __slots__ = ()


class set_grad_enabled:
    """Records gradients on this thread from now on, or not: `cv.set_grad_enabled(training)`. As the head of a `with` it holds inside
    of it, over a function while that runs.

    Examples
    --------
    >>> x = cv.array(3.0, requires_grad=True)
    >>> with cv.set_grad_enabled(False):
    ...     (x * 2).requires_grad
    False
    """

    __slots__ = ("_before", "mode")

    def __init__(self, mode):
        self.mode, self._before = bool(mode), _civita.is_grad_enabled()
        _civita._record(self.mode)

    def __enter__(self):
        _civita._record(self.mode)
        return self

    def __exit__(self, *error):
        _civita._record(self._before)

    def __call__(self, function):
        # as a decorator it changes nothing where the function is defined
        _civita._record(self._before)
        return _within(enable_grad if self.mode else no_grad, function)


def _within(mode, function):
    """A function that runs inside of a mode."""
    if not callable(function):
        raise TypeError(f"{mode.__name__} takes a function to decorate, or nothing, not {type(function).__name__}")
    from inspect import isgeneratorfunction

    if isgeneratorfunction(function):
        # its body runs when it is asked for values, which is after the call
        return _generator_within(mode, function)

    @functools.wraps(function)
    def within(*args, **kwargs):
        with mode():
            return function(*args, **kwargs)

    return within


def _generator_within(mode, function):
    """A generator function whose body runs inside of a mode, and not what runs between its steps."""

    @functools.wraps(function)
    def within(*args, **kwargs):
        with mode():
            generator = function(*args, **kwargs)
        step, given = generator.send, (None,)
        while True:
            try:
                with mode():
                    value = step(*given)
            except StopIteration as stop:
                return stop.value
            try:
                step, given = generator.send, ((yield value),)
            except GeneratorExit:
                with mode():
                    generator.close()
                raise
            except BaseException as error:
                step, given = generator.throw, (error,)

    return within
