//! Functions of one number: operators of ONNX where it has them, else put together from several.

use super::graph::{Graph, Value};
use super::proto::Attribute;
use std::f64::consts::{FRAC_1_SQRT_2, PI};
use steadygrad_nn::activations::Selu;
use steadygrad_nn::config::{Config, FromValue};

/// f(x) for the activation of this name and settings, which are what says which function it is; `None` for one that is not known.
pub(super) fn activation(graph: &mut Graph, name: &str, config: &Config, x: &Value) -> Option<Value> {
    let setting = |name: &str| f64::from_value(config.get(name)?).ok();
    Some(match name {
        "linear" => x.clone(),
        "relu" => {
            let top = setting("max_value").filter(|top| top.is_finite());
            relu(graph, x, setting("negative_slope")?, setting("threshold")?, top)
        }
        "relu6" => clipped(graph, x, 0.0, 6.0),
        "hard_tanh" => clipped(graph, x, -1.0, 1.0),
        "leaky_relu" => relu(graph, x, setting("negative_slope")?, 0.0, None),
        "elu" => graph.unary_with("Elu", x, "alpha", setting("alpha")?),
        "celu" => graph.unary_with("Celu", x, "alpha", setting("alpha")?),
        "selu" => {
            let settings = vec![
                ("alpha", Attribute::Float(Selu::ALPHA as f32)),
                ("gamma", Attribute::Float(Selu::LAMBDA as f32)),
            ];
            graph.node("Selu", &[x], settings, x.dims.clone())
        }
        "exponential" => graph.unary("Exp", x),
        "sigmoid" => graph.unary("Sigmoid", x),
        "tanh" => graph.unary("Tanh", x),
        "softplus" => graph.unary("Softplus", x),
        "softsign" => graph.unary("Softsign", x),
        "log_sigmoid" => {
            // −softplus(−x)
            let minus = graph.unary("Neg", x);
            let y = graph.unary("Softplus", &minus);
            graph.unary("Neg", &y)
        }
        "silu" => gated(graph, x, x),
        "swish" => {
            let gate = graph.with_number("Mul", x, setting("beta")?);
            gated(graph, x, &gate)
        }
        "gelu" if bool::from_value(config.get("approximate")?).ok()? => {
            // x·σ(2u),  u = √(2/π)·(x + 0.044715·x³)
            let square = graph.binary("Mul", x, x);
            let factor = 2.0 * (2.0 / PI).sqrt();
            let y = graph.with_number("Mul", &square, factor * 0.044_715);
            let y = graph.with_number("Add", &y, factor);
            let gate = graph.binary("Mul", x, &y);
            gated(graph, x, &gate)
        }
        "gelu" => {
            // x·(1 + erf(x/√2))/2
            let y = graph.with_number("Mul", x, FRAC_1_SQRT_2);
            let y = graph.unary("Erf", &y);
            let y = graph.with_number("Add", &y, 1.0);
            let y = graph.binary("Mul", x, &y);
            graph.with_number("Mul", &y, 0.5)
        }
        "mish" => {
            let y = graph.unary("Softplus", x);
            let y = graph.unary("Tanh", &y);
            graph.binary("Mul", x, &y)
        }
        "hard_sigmoid" => hard_sigmoid(graph, x, 1.0 / 6.0),
        "sparse_sigmoid" => hard_sigmoid(graph, x, 0.5),
        "hard_silu" => graph.unary("HardSwish", x),
        "hard_shrink" => shrink(graph, x, setting("threshold")?, 0.0),
        "soft_shrink" => shrink(graph, x, setting("threshold")?, setting("threshold")?),
        "tanh_shrink" => {
            let y = graph.unary("Tanh", x);
            graph.binary("Sub", x, &y)
        }
        "threshold" => {
            let above = graph.with_number("Greater", x, setting("threshold")?);
            let other = graph.number(setting("default_value")?);
            choose(graph, &above, x, &other)
        }
        "squareplus" => squareplus(graph, x, setting("b")?),
        "sparse_plus" => {
            // 0 up to −1, (x + 1)²/4 up to 1, then x
            let one = graph.with_number("Add", x, 1.0);
            let y = graph.binary("Mul", &one, &one);
            let y = graph.with_number("Mul", &y, 0.25);
            let near = graph.with_number("Less", x, 1.0);
            let right = choose(graph, &near, &y, x);
            let above = graph.with_number("Greater", x, -1.0);
            let zero = graph.number(0.0);
            choose(graph, &above, &right, &zero)
        }
        _ => return None,
    })
}

/// a where the condition holds, else b.
pub(super) fn choose(graph: &mut Graph, condition: &Value, a: &Value, b: &Value) -> Value {
    graph.node("Where", &[condition, a, b], Vec::new(), condition.dims.clone())
}

/// x·σ(gate)
pub(super) fn gated(graph: &mut Graph, x: &Value, gate: &Value) -> Value {
    let gate = graph.unary("Sigmoid", gate);
    graph.binary("Mul", x, &gate)
}

fn clipped(graph: &mut Graph, x: &Value, low: f64, high: f64) -> Value {
    let (low, high) = (graph.number(low), graph.number(high));
    graph.node("Clip", &[x, &low, &high], Vec::new(), x.dims.clone())
}

/// min(max(slope·x + 1/2, 0), 1)
fn hard_sigmoid(graph: &mut Graph, x: &Value, slope: f64) -> Value {
    let settings = vec![("alpha", Attribute::Float(slope as f32)), ("beta", Attribute::Float(0.5))];
    graph.node("HardSigmoid", &[x], settings, x.dims.clone())
}

/// 0 up to the threshold on both sides; beyond it x, moved by the bias towards 0.
fn shrink(graph: &mut Graph, x: &Value, threshold: f64, bias: f64) -> Value {
    let settings =
        vec![("lambd", Attribute::Float(threshold as f32)), ("bias", Attribute::Float(bias as f32))];
    graph.node("Shrink", &[x], settings, x.dims.clone())
}

/// min(x, top) above the threshold, slope·(x − threshold) below it.
fn relu(graph: &mut Graph, x: &Value, slope: f64, threshold: f64, top: Option<f64>) -> Value {
    match (slope == 0.0, threshold == 0.0, top) {
        (true, true, None) => return graph.unary("Relu", x),
        (true, true, Some(top)) => return clipped(graph, x, 0.0, top),
        (false, true, None) => return graph.unary_with("LeakyRelu", x, "alpha", slope),
        _ => {}
    }
    let above = graph.with_number("Greater", x, threshold);
    let kept = match top {
        Some(top) => graph.with_number("Min", x, top),
        None => x.clone(),
    };
    let below = if slope == 0.0 {
        graph.number(0.0)
    } else {
        let y = graph.with_number("Sub", x, threshold);
        graph.with_number("Mul", &y, slope)
    };
    choose(graph, &above, &kept, &below)
}

/// (x + √(x² + b))/2; below 0 as b/2/(√(x² + b) − x), where the sum would cancel.
fn squareplus(graph: &mut Graph, x: &Value, b: f64) -> Value {
    let y = graph.binary("Mul", x, x);
    let y = graph.with_number("Add", &y, b);
    let root = graph.unary("Sqrt", &y);
    let apart = graph.binary("Sub", &root, x);
    let left = graph.number_with("Div", 0.5 * b, &apart);
    let sum = graph.binary("Add", x, &root);
    let right = graph.with_number("Mul", &sum, 0.5);
    let below = graph.with_number("Less", x, 0.0);
    choose(graph, &below, &left, &right)
}
