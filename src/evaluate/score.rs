//! How near a model's values are to observed ones.

use serde::Serialize;

use crate::aggregate::sum::DoubleDouble;

/// What pairs of values have in common, each with its weight. A number is absent where it is not defined: without pairs, or where values do not vary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Scores {
    /// Pairs of values.
    pub pairs: u64,
    /// The model's mean.
    pub model_mean: Option<f64>,
    /// The mean of what was observed.
    pub observed_mean: Option<f64>,
    /// The model's mean less the observed one.
    pub bias: Option<f64>,
    /// The root of the mean square of the difference.
    pub rmse: Option<f64>,
    /// The same without the bias: the centred difference.
    pub ubrmse: Option<f64>,
    /// Pearson's correlation.
    pub correlation: Option<f64>,
    /// The model's standard deviation, of the whole.
    pub model_sd: Option<f64>,
    /// The observed one.
    pub observed_sd: Option<f64>,
    /// Nash and Sutcliffe's efficiency (1970).
    pub nse: Option<f64>,
    /// Kling and Gupta's efficiency (Gupta et al. 2009).
    pub kge: Option<f64>,
}

/// Sums over pairs, of which scores are made: in any order, with hardly any rounding.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    pairs: u64,
    weight: DoubleDouble,
    model: DoubleDouble,
    observed: DoubleDouble,
    model_squares: DoubleDouble,
    observed_squares: DoubleDouble,
    products: DoubleDouble,
    differences: DoubleDouble,
}

impl Moments {
    /// Adds a pair.
    pub fn add(&mut self, weight: f64, model: f64, observed: f64) {
        let product = |one: f64, other: f64| DoubleDouble::product(one, other) * weight.into();
        self.pairs += 1;
        self.weight += weight;
        self.model += DoubleDouble::product(weight, model);
        self.observed += DoubleDouble::product(weight, observed);
        self.model_squares += product(model, model);
        self.observed_squares += product(observed, observed);
        self.products += product(model, observed);
        self.differences += product(model - observed, model - observed);
    }

    /// Adds the pairs of others.
    pub fn join(&mut self, other: &Self) {
        self.pairs += other.pairs;
        self.weight += other.weight;
        self.model += other.model;
        self.observed += other.observed;
        self.model_squares += other.model_squares;
        self.observed_squares += other.observed_squares;
        self.products += other.products;
        self.differences += other.differences;
    }

    /// The means of both; none without pairs.
    pub fn means(&self) -> Option<(f64, f64)> {
        let of = |sum: DoubleDouble| (sum / self.weight).to_f64();
        (self.pairs > 0 && self.weight.to_f64() > 0.0).then(|| (of(self.model), of(self.observed)))
    }

    /// The scores.
    pub fn scores(&self) -> Scores {
        let Some((model, observed)) = self.means() else { return Scores::default() };
        let of = |sum: DoubleDouble| sum / self.weight;
        let (mean_model, mean_observed) = (of(self.model), of(self.observed));
        let moment =
            |sum: DoubleDouble, one: DoubleDouble, other: DoubleDouble| (of(sum) - one * other).to_f64();
        let variance = |sum: DoubleDouble, mean: DoubleDouble| {
            let variance = moment(sum, mean, mean);
            // What is left of values that are all alike is rounding.
            let is_none = variance <= 1e-24 * of(sum).to_f64().abs();
            if is_none { 0.0 } else { variance }
        };
        let of_model = variance(self.model_squares, mean_model);
        let of_observed = variance(self.observed_squares, mean_observed);
        let (model_sd, observed_sd) = (of_model.sqrt(), of_observed.sqrt());
        let varies = |sd: f64| sd > 0.0;
        let covariance = moment(self.products, mean_model, mean_observed);
        let correlation = (varies(model_sd) && varies(observed_sd))
            .then(|| (covariance / (model_sd * observed_sd)).clamp(-1.0, 1.0));
        let bias = (mean_model - mean_observed).to_f64();
        let square = of(self.differences).to_f64();
        let kge = correlation.filter(|_| observed != 0.0).map(|correlation| {
            let parts = [correlation - 1.0, model_sd / observed_sd - 1.0, model / observed - 1.0];
            1.0 - parts.iter().map(|part| part * part).sum::<f64>().sqrt()
        });
        Scores {
            pairs: self.pairs,
            model_mean: Some(model),
            observed_mean: Some(observed),
            bias: Some(bias),
            rmse: Some(square.sqrt()),
            ubrmse: Some((square - bias * bias).max(0.0).sqrt()),
            correlation,
            model_sd: Some(model_sd),
            observed_sd: Some(observed_sd),
            nse: varies(observed_sd).then(|| 1.0 - square / of_observed),
            kge,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moments(pairs: &[(f64, f64, f64)]) -> Moments {
        let mut moments = Moments::default();
        pairs.iter().for_each(|&(weight, model, observed)| moments.add(weight, model, observed));
        moments
    }

    /// Numbers by hand: model 1 2 3 4, observed 1 3 2 5, alike in weight.
    #[test]
    fn scores_of_four_pairs() {
        let scores = moments(&[(1.0, 1.0, 1.0), (1.0, 2.0, 3.0), (1.0, 3.0, 2.0), (1.0, 4.0, 5.0)]).scores();
        let near = |found: Option<f64>, wanted: f64| {
            let found = found.expect("a number");
            assert!((found - wanted).abs() < 1e-12, "{found} is not {wanted}");
        };
        near(scores.model_mean, 2.5);
        near(scores.observed_mean, 2.75);
        near(scores.bias, -0.25);
        near(scores.rmse, 0.75f64.sqrt());
        near(scores.ubrmse, (0.75f64 - 0.0625).sqrt());
        near(scores.model_sd, 1.25f64.sqrt());
        near(scores.observed_sd, 2.1875f64.sqrt());
        let correlation = 1.375 / (1.25f64 * 2.1875).sqrt();
        near(scores.correlation, correlation);
        near(scores.nse, 1.0 - 0.75 / 2.1875);
        let (sd, mean) = ((1.25f64 / 2.1875).sqrt() - 1.0, 2.5 / 2.75 - 1.0);
        near(scores.kge, 1.0 - ((correlation - 1.0).powi(2) + sd * sd + mean * mean).sqrt());
        assert_eq!(scores.pairs, 4);
    }

    #[test]
    fn values_that_do_not_vary_have_no_correlation() {
        let scores = moments(&[(1.0, 0.1, 2.0), (3.0, 0.1, 3.0)]).scores();
        assert_eq!((scores.correlation, scores.kge, scores.model_sd), (None, None, Some(0.0)));
        let scores = moments(&[(1.0, 1.0, 0.3), (3.0, 2.0, 0.3)]).scores();
        assert_eq!((scores.correlation, scores.nse, scores.observed_sd), (None, None, Some(0.0)));
        assert_eq!(Moments::default().scores(), Scores::default());
    }

    proptest! {
        /// Neither the order of pairs nor how they are parted is seen in the scores.
        #[test]
        fn parts_are_joined(
            pairs in prop::collection::vec((0.1..5.0f64, -1e3..1e3f64, -1e3..1e3f64), 2..40),
            cut in 0..40usize,
        ) {
            let (one, other) = pairs.split_at(cut.min(pairs.len()));
            let mut joined = moments(other);
            joined.join(&moments(one));
            let (whole, joined) = (moments(&pairs).scores(), joined.scores());
            for (one, other) in [(whole.rmse, joined.rmse), (whole.correlation, joined.correlation), (whole.kge, joined.kge)] {
                let (one, other) = (one.unwrap_or(0.0), other.unwrap_or(0.0));
                prop_assert!((one - other).abs() <= 1e-12 * one.abs().max(1.0));
            }
        }
    }
}
