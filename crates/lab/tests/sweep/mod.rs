//! A sweep over networks that nobody chose: drawn, trained to the end, and then shown to the doctor.

pub mod generator;
pub mod truth;
