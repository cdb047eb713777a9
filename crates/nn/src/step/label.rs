//! How a step is called in the printed recipe.

use super::{Access, Step};
use std::fmt;

impl Step {
    /// The name of the operation, and what it is made special by.
    pub fn label(&self) -> String {
        match self {
            Step::Gemm { m, k, n, ta, tb, bias, map, .. } => {
                let t = |t: &bool| if *t { "ᵀ" } else { "" };
                let mut s = format!("gemm [{m},{k}]{} · [{k},{n}]{}", t(ta), t(tb));
                if bias.is_some() {
                    s += " + bias";
                }
                if let Some(f) = map {
                    s += &format!(" → {}", f.name());
                }
                s
            }
            Step::Conv(conv) => conv.label(),
            Step::Map { f, .. } => format!("map {}", f.name()),
            Step::MapGrad { f, .. } => format!("map_grad {}", f.name()),
            Step::Rowwise { f, .. } => format!("rowwise {}", f.name()),
            Step::RowwiseGrad { f, .. } => format!("rowwise_grad {}", f.name()),
            Step::Loss { loss, .. } => format!("loss {}", loss.name()),
            Step::LossGrad { loss, .. } => format!("loss_grad {}", loss.name()),
            Step::Combine { op, .. } => format!("combine {op:?}").to_lowercase(),
            Step::Affine { scale, offset, .. } => format!("affine · {scale} + {offset}"),
            Step::Fill { value, .. } => format!("fill {value}"),
            Step::Constant { values, .. } => format!("constant [{}]", values.len()),
            Step::Permute { order, .. } => format!("permute {order:?}"),
            Step::Noise { noise, gradient, .. } => {
                format!("noise {noise:?}{}", if *gradient { " (gradient)" } else { "" })
            }
            Step::Custom { step, .. } => format!("custom {}", step.name()),
            Step::Penalty { regularizer, .. } => format!("penalty {}", regularizer.class()),
            Step::PenaltyGrad { regularizer, .. } => format!("penalty_grad {}", regularizer.class()),
            Step::ScaleShift { scale, shift, .. } => match (scale, shift) {
                (None, Some(_)) => "shift".into(),
                (Some(_), None) => "scale".into(),
                _ => "scale_shift".into(),
            },
            Step::Pool(pool) => pool.label(),
            Step::PoolGrad(grad) => grad.label(),
            Step::ChannelSum { .. } => "channel_sum".into(),
            Step::Sum { .. } => "sum".into(),
            Step::Expand { .. } => "expand".into(),
            Step::Reduce { .. } => "reduce".into(),
            Step::Concat { .. } => "concat".into(),
            Step::Slice { start, len, .. } => format!("slice {start}..{}", start + len),
            Step::ColumnStats { .. } => "column_stats".into(),
            Step::Normalize { .. } => "normalize".into(),
            Step::NormalizeGrad(_) => "normalize_grad".into(),
            Step::UpdateAverage { momentum, .. } => format!("update_average {momentum}"),
            Step::Standardize { .. } => "standardize".into(),
            Step::StandardizeGrad { .. } => "standardize_grad".into(),
            Step::Along(along) => along.label(),
            Step::Frame(frame) => frame.label(),
            Step::Gather(gather) => gather.label(),
            Step::GatherGrad(gather) => gather.label(),
            Step::Warp(warp) => warp.label(),
            Step::Reduction { reduction, .. } => format!("reduction {}", reduction.name()),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |want: fn(Access) -> bool| {
            let slots: Vec<String> =
                self.slots().iter().filter(|(_, a)| want(*a)).map(|(s, _)| s.to_string()).collect();
            slots.join(", ")
        };
        write!(f, "{} ← {}({})", list(|a| a != Access::Read), self.label(), list(|a| a != Access::Write))
    }
}
