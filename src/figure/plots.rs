//! The kinds of figures, a file each, and what they share.
//!
//! Each drafts a figure by its settings: it asks for what it needs of its inputs, and draws what came of it.

pub(super) mod biomass;
pub(super) mod boxes;
mod change;
pub(super) mod climatology;
pub(super) mod compare;
pub(super) mod cycle;
pub(super) mod density;
pub(super) mod drift;
mod globe;
pub(super) mod health;
pub(super) mod hovmoller;
pub(super) mod limitation;
mod lines;
pub(super) mod map;
mod map_panel;
mod mark;
mod pair;
pub(super) mod pairs;
mod panels;
pub(super) mod scatter;
mod scenarios;
pub(super) mod series;
mod stipple;
pub(super) mod taylor;
mod wanted;
