//! Whether what is asked of a change fits together.

use crate::error::{Argument, Error, Reason, Result};
use crate::figure::data::reduce::MapStat;
use crate::figure::spec::{Plot, Spec};

impl Spec {
    /// Refuses what says how a change is shown where none is, and what contradicts itself.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument).
    pub(super) fn check_change(&self, kind: Plot) -> Result<()> {
        let refuse = |argument, value: String, reason: Reason| Err(Error::selection(argument, value, reason));
        let of = |text: &str| Reason::from(text.to_owned());
        let has_window = self.reference_from.is_some() || self.reference_to.is_some();
        let has_reference = self.reference.is_some() || self.difference.is_some() || has_window;
        if self.reference.is_some() {
            let name = String::new();
            if self.difference.is_some() {
                return refuse(
                    Argument::Reference,
                    name,
                    of("does not go with ").naming(Argument::Difference),
                );
            }
            if self.inputs.len() > 1 {
                let reason = of("does not go with two inputs, of which the first is the reference");
                return refuse(Argument::Reference, name, reason);
            }
        }
        let is_change = has_reference || (kind == Plot::Compare && self.inputs.len() > 1);
        let given = [
            (Argument::Percent, self.percent == Some(true)),
            (Argument::Least, self.least.is_some()),
            (Argument::Significant, self.significant.is_some()),
        ];
        if let (false, Some((argument, _))) = (is_change, given.into_iter().find(|(_, is_given)| *is_given)) {
            let reason = of("is of a change: it wants ").naming(Argument::Reference).then(" or ");
            return refuse(argument, String::new(), reason.naming(Argument::ReferenceFrom));
        }
        if let Some(least) = self.least {
            if self.percent != Some(true) {
                return refuse(
                    Argument::Least,
                    least.to_string(),
                    of("goes with ").naming(Argument::Percent),
                );
            }
            if !(least.is_finite() && least >= 0.0) {
                return refuse(Argument::Least, least.to_string(), of("wants a number of 0 or more"));
            }
        }
        let Some(level) = self.significant else { return Ok(()) };
        if !(level > 0.0 && level < 1.0) {
            let reason = of("wants a probability between 0 and 1, for example 0.05");
            return refuse(Argument::Significant, level.to_string(), reason);
        }
        if self.date.is_some() {
            return refuse(
                Argument::Significant,
                level.to_string(),
                of("does not go with ").naming(Argument::Date),
            );
        }
        match self.stat {
            None | Some(MapStat::Mean) => Ok(()),
            Some(stat) => {
                let reason = format!("is of means, and a {} is shown", stat.name());
                refuse(Argument::Significant, level.to_string(), of(&reason))
            }
        }
    }
}
