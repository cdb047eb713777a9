//! When to look: every step at first, then ever more seldom.

/// Which steps are looked at.
///
/// ```
/// use steadygrad_chart::Schedule;
/// let seen: Vec<u64> = (0..100).filter(|&step| Schedule::Default.includes(step)).collect();
/// assert_eq!(seen[..20], (0..20).collect::<Vec<u64>>()[..]);
/// assert_eq!(seen[20..], [20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 44, 48, 52, 56, 60, 64, 68, 72, 76, 80, 88, 96]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Schedule {
    /// The first 20 steps, then some ten for every doubling of the number of steps.
    #[default]
    Default,
    /// Every step.
    Always,
    /// No step.
    Never,
}

impl Schedule {
    /// Whether this step, counted from 0, is looked at.
    pub fn includes(self, step: u64) -> bool {
        match self {
            Schedule::Always => true,
            Schedule::Never => false,
            Schedule::Default => {
                let every = (step / 10).max(1);
                let power = 1_u64 << (63 - every.leading_zeros());
                step.is_multiple_of(power)
            }
        }
    }
}
