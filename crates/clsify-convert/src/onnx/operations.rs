//! Operations that consist of several operations of ONNX.

use super::graph::{Attribute, Graph, Value};

/// The target of a cast.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cast {
    Float,
    Integer,
}

impl Graph {
    /// The same numbers as another type.
    pub(super) fn cast(&mut self, x: &Value, to: Cast) -> Value {
        // The numbers of the types in `TensorProto`.
        let to = match to {
            Cast::Float => 1,
            Cast::Integer => 7,
        };
        self.op_with("Cast", &[x], vec![("to", Attribute::Integer(to))])
    }

    /// The same numbers with other axes.
    pub(super) fn transpose(&mut self, x: &Value, order: [i64; 4]) -> Value {
        self.op_with("Transpose", &[x], vec![("perm", Attribute::Integers(order.to_vec()))])
    }

    /// The sequence length of `[batch, sequence]`, as a list of one number.
    pub(super) fn length(&mut self, input_ids: &Value) -> Value {
        let second = vec![("start", Attribute::Integer(1)), ("end", Attribute::Integer(2))];
        self.op_with("Shape", &[input_ids], second)
    }

    /// The numbers from 0 to below the sequence length, `[sequence]`.
    pub(super) fn places(&mut self, input_ids: &Value) -> Value {
        let length = self.length(input_ids);
        let axes = self.integers(&[0]);
        let length = self.op("Squeeze", &[&length, &axes]);
        let [start, step] = [self.integer(0), self.integer(1)];
        self.op("Range", &[&start, &length, &step])
    }

    /// The sum over an axis, which is removed.
    pub(super) fn sum(&mut self, x: &Value, axis: i64) -> Value {
        let axes = self.integers(&[axis]);
        self.op_with("ReduceSum", &[x, &axes], vec![("keepdims", Attribute::Integer(0))])
    }

    /// `x / 2 (1 + erf(x / √2))`.
    pub(super) fn gelu(&mut self, x: &Value) -> Value {
        let [root, one, half] = [std::f32::consts::SQRT_2, 1.0, 0.5].map(|number| self.float(number));
        let inner = self.op("Div", &[x, &root]);
        let inner = self.op("Erf", &[&inner]);
        let inner = self.op("Add", &[&inner, &one]);
        let product = self.op("Mul", &[x, &inner]);
        self.op("Mul", &[&product, &half])
    }

    /// `x / 2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`.
    pub(super) fn gelu_tanh(&mut self, x: &Value) -> Value {
        let scale = (2.0 / std::f64::consts::PI).sqrt() as f32;
        let [scale, cubic, one, half] = [scale, 0.044_715, 1.0, 0.5].map(|number| self.float(number));
        let square = self.op("Mul", &[x, x]);
        let cube = self.op("Mul", &[&square, x]);
        let cube = self.op("Mul", &[&cube, &cubic]);
        let inner = self.op("Add", &[x, &cube]);
        let inner = self.op("Mul", &[&inner, &scale]);
        let inner = self.op("Tanh", &[&inner]);
        let inner = self.op("Add", &[&inner, &one]);
        let product = self.op("Mul", &[x, &inner]);
        self.op("Mul", &[&product, &half])
    }

    /// `x / (1 + e^-x)`.
    pub(super) fn silu(&mut self, x: &Value) -> Value {
        let sigmoid = self.op("Sigmoid", &[x]);
        self.op("Mul", &[x, &sigmoid])
    }

    /// `x [rows, inputs]` -> `x Wᵀ + b`; the weight is `[outputs, inputs]`.
    pub(super) fn affine(&mut self, x: &Value, weight: &Value, bias: Option<&Value>) -> Value {
        let attributes = vec![("transB", Attribute::Integer(1))];
        match bias {
            Some(bias) => self.op_with("Gemm", &[x, weight, bias], attributes),
            None => self.op_with("Gemm", &[x, weight], attributes),
        }
    }
}
