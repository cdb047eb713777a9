//! When to look: every step at first, then ever more seldom.

/// Which steps are looked at.
///
/// ```
/// use steadygrad_chart::Schedule;
/// let seen: Vec<u64> = (0..100).filter(|&step| Schedule::Default.includes(step)).collect();
/// assert_eq!(seen[..20], (0..20).collect::<Vec<u64>>()[..]);
/// assert_eq!(seen[20..], [20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 44, 48, 52, 56, 60, 64, 68, 72, 76, 80, 88, 96]);
/// let seen: Vec<u64> = (0..100).filter(|&step| Schedule::Seldom.includes(step)).collect();
/// assert_eq!(seen[10..], [10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40, 48, 56, 64, 72, 80, 96]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Schedule {
    /// The first 20 steps, then some ten for every doubling of the number of steps.
    #[default]
    Default,
    /// The first 10 steps, then some five for every doubling: half as many, where a look is dear.
    Seldom,
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
            Schedule::Default => spread(step, 10),
            Schedule::Seldom => spread(step, 5),
        }
    }
}

/// Every step at first, then so many for every doubling.
fn spread(step: u64, many: u64) -> bool {
    let every = (step / many).max(1);
    let power = 1_u64 << (63 - every.leading_zeros());
    step.is_multiple_of(power)
}
