//! Devices: a value, not a type parameter.

/// Where a tensor lives and its operations run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Device {
    /// The processor that runs the program.
    #[default]
    Cpu,
    /// One element at a time, in memory that only its handles reach: the engine's tests run on it what they run on the CPU, so
    /// that nothing above a backend can lean on the CPU's memory or kernels.
    #[cfg(any(test, feature = "reference"))]
    Reference,
}

impl Device {
    /// A number of its own.
    #[inline(always)]
    pub(crate) fn number(self) -> usize {
        self as usize
    }

    /// The one with this number.
    #[inline(always)]
    pub(crate) fn of_number(number: usize) -> Device {
        match number {
            #[cfg(any(test, feature = "reference"))]
            1 => Device::Reference,
            _ => Device::Cpu,
        }
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            #[cfg(any(test, feature = "reference"))]
            Device::Reference => f.write_str("reference"),
        }
    }
}
