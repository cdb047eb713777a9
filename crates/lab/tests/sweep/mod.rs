//! A sweep over networks that nobody chose: drawn, trained to the end, and then shown to the doctor.

pub mod families;
pub mod generator;
pub mod truth;
