//! Stub.
#![allow(missing_docs)]
pub struct CommunityYear { pub year: i32, pub mask: Vec<bool>, pub totals: Totals, pub communities: Vec<Community> }
pub struct Totals { pub cveg: f64, pub cleaf: f64, pub croot: f64, pub cwood: f64, pub anpp: f64, pub uptake_costs: f64 }
pub struct Community { pub index: u32, pub is_masked: bool, pub ids: Vec<i64>, pub vp_cleaf: Vec<f64>, pub vp_croot: Vec<f64>, pub vp_cwood: Vec<f64>, pub vp_ocp: Vec<f64>,
 pub limitation: [Option<Vec<(i32, f64)>>; 5], pub cleaf: f64, pub croot: f64, pub cwood: f64, pub anpp: f64, pub uptake_costs: f64, pub shannon_entropy: Option<f64>, pub shannon_diversity: Option<f64>, pub shannon_evenness: Option<f64> }
impl super::Dump { pub fn community_year(&self) -> Result<CommunityYear, super::DumpError> { Err(super::DumpError::Empty) } }
