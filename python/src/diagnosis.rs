//! A diagnosis in Python: its text, its page, and all of it as JSON.

use pyo3::prelude::*;
use serde_json::{Value as Json, json};
use steadygrad::doctor::{Edit, Finding};
use steadygrad::lab::Diagnosis;

/// What ails a network.
#[pyclass(name = "Diagnosis", module = "steadygrad._native", frozen)]
pub struct Diagnosed {
    inner: Diagnosis,
}

impl Diagnosed {
    pub fn new(inner: Diagnosis) -> Diagnosed {
        Diagnosed { inner }
    }

    pub fn inner(&self) -> &Diagnosis {
        &self.inner
    }
}

/// A finding as JSON, its edits both in words and as what they change.
pub fn finding(found: &Finding) -> Json {
    let mut all = found.to_json();
    if let Some(list) = all["prescriptions"].as_array_mut() {
        for (json, prescription) in list.iter_mut().zip(&found.prescriptions) {
            json["changes"] = prescription.edits.iter().map(Edit::to_json).collect();
        }
    }
    all
}

#[pymethods]
impl Diagnosed {
    #[getter]
    fn verdict(&self) -> String {
        self.inner.verdict.to_string()
    }

    fn text(&self) -> String {
        self.inner.to_string()
    }

    fn brief(&self) -> String {
        self.inner.brief()
    }

    fn json(&self) -> String {
        let mut all = self.inner.to_json();
        all["findings"] = self.inner.findings.iter().map(finding).collect();
        all.to_string()
    }

    fn chart(&self) -> String {
        json!({ "start": self.inner.start.to_json(), "training": self.inner.chart.to_json() }).to_string()
    }

    fn page(&self, title: &str) -> String {
        steadygrad::report::page(&self.inner, title)
    }
}
