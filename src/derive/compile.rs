//! From what a formula says to what is calculated: names are series or other formulas, units are known, and conversions stand where they
//! are needed.

use crate::aggregate::measure::{Measure, Scale};
use crate::aggregate::spelling;
use crate::model::variables::{CellMethod, VariableInfo, VariableTable};
use crate::words;

use super::FormulaError;
use super::parse::{Expression, Function, Sign, parse};

/// Steps of a calculation at most, with those of all formulas in it.
const MOST_NODES: usize = 10_000;

/// Steps within each other at most.
const DEEPEST: usize = 1200;

/// A calculation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Constant(f64),
    /// A series of the source, or one of its rows, counted from 0.
    Series(String, Option<usize>),
    Negative(Box<Node>),
    Pair(Sign, Box<Node>, Box<Node>),
    Scaled(Scale, Box<Node>),
    /// The sum or mean of all rows.
    Rows(Function, Box<Node>),
    /// Of each value: the exponential, logarithm or root.
    Each(Function, Box<Node>),
    /// The least or greatest of several.
    Extreme(Function, Vec<Node>),
}

/// What a quantity is measured in; `None` where nobody says.
pub(super) type Known = Option<Measure>;

/// A formula, and what is known of what it gives.
pub(super) struct Compiled {
    pub node: Node,
    pub measure: Known,
    pub inputs: Vec<String>,
    /// How its inputs stand for their steps, each once.
    pub methods: Vec<CellMethod>,
}

/// Compiles the formula of a key of the table.
pub(super) fn compile(table: &VariableTable, key: &str) -> Result<Compiled, FormulaError> {
    let mut compiler =
        Compiler { table, path: Vec::new(), nodes: 0, depth: 0, inputs: Vec::new(), methods: Vec::new() };
    let (node, measure) = compiler.entry(key)?;
    if compiler.inputs.is_empty() {
        return Err(FormulaError::new("there is no variable in it"));
    }
    Ok(Compiled { node, measure, inputs: compiler.inputs, methods: compiler.methods })
}

/// The series that a name means, and its row where it names one.
pub(super) fn resolve(table: &VariableTable, name: &str) -> Option<(String, Option<usize>)> {
    if table.get(name).is_some() {
        return Some((name.to_owned(), None));
    }
    let numbered = name.rsplit_once('_').and_then(|(key, number)| {
        let number: usize = number.parse().ok().filter(|number| *number > 0)?;
        table.get(key).map(|_| (key.to_owned(), Some(number - 1)))
    });
    let labelled = || {
        let keys = table.keys().filter(|key| name.len() > key.len() + 1 && name.starts_with(*key));
        keys.filter_map(|key| {
            let label = name.get(key.len()..)?.strip_prefix('_')?;
            let row = table.get(key)?.rows.iter().position(|row| row.label == label)?;
            Some((key.to_owned(), Some(row)))
        })
        .next()
    };
    numbered.or_else(labelled)
}

/// What the values of a source's own series are measured in.
pub(super) fn measure_of_source(key: &str, info: &VariableInfo) -> Result<Known, FormulaError> {
    let units = info.source_units.as_ref().or(info.units.as_ref());
    let parsed = |units: &String| {
        Measure::parse(units)
            .ok_or_else(|| FormulaError::new(not_units(&format!("the units of {key}, {units:?}"), units)))
    };
    units.map(parsed).transpose()
}

/// Whether a name within a formula means the source's own series, though the table has a formula of that name: one that has it in other units.
pub(super) fn is_source(info: &VariableInfo) -> bool {
    info.formula.is_none() || info.source_units.is_some()
}

pub(super) fn unit(text: &str) -> Result<Measure, FormulaError> {
    Measure::parse(text).ok_or_else(|| FormulaError::new(not_units(&format!("[{text}]"), text)))
}

/// That a text cannot be understood as units, and how such are written.
pub(super) fn not_units(what: &str, text: &str) -> String {
    let cure = match spelling::cure(&[text]) {
        cure if cure.is_empty() => "; write factors with exponents, as \"g m-2 day-1\"".to_owned(),
        cure => cure,
    };
    format!("{what} cannot be read as units{cure}")
}

struct Compiler<'a> {
    table: &'a VariableTable,
    /// The formulas that are being compiled, one within the other.
    path: Vec<String>,
    nodes: usize,
    depth: usize,
    inputs: Vec<String>,
    methods: Vec<CellMethod>,
}

impl Compiler<'_> {
    /// What the formula of a key gives, in the units of its entry where that has some.
    fn entry(&mut self, key: &str) -> Result<(Node, Known), FormulaError> {
        let info = self.table.get(key);
        let Some((info, text)) = info.and_then(|info| Some((info, info.formula.as_deref()?))) else {
            return Err(FormulaError::new(format!("{key} has no formula")));
        };
        self.path.push(key.to_owned());
        let (node, measure) = self.node(&parse(text)?)?;
        self.path.pop();
        let Some(units) = &info.units else { return Ok((node, measure)) };
        let wanted = Measure::parse(units)
            .ok_or_else(|| FormulaError::new(not_units(&format!("its units, {units:?}"), units)))?;
        let node = match &measure {
            Some(own) => match own.scale_to(&wanted, info.calendar) {
                Some(scale) => scaled(scale, node),
                None => {
                    let (own_words, cure) = (words_of(&measure), cure(own, &wanted));
                    let reason =
                        format!("it gives {own_words}, which cannot be converted to \"{units}\"{cure}");
                    return Err(FormulaError::new(reason));
                }
            },
            None => node,
        };
        Ok((node, Some(wanted)))
    }

    /// Whether years and months are those of the calendar: what the outermost formula says.
    fn is_by_calendar(&self) -> bool {
        let info = self.path.last().and_then(|key| self.table.get(key));
        info.is_some_and(|info| info.calendar)
    }

    fn node(&mut self, expression: &Expression) -> Result<(Node, Known), FormulaError> {
        self.nodes += 1;
        self.depth += 1;
        if self.nodes > MOST_NODES || self.depth > DEEPEST {
            let reason = format!(
                "with the formulas in it, it has more than {MOST_NODES} steps, or {DEEPEST} within each other"
            );
            return Err(FormulaError::new(reason));
        }
        let made = self.made(expression);
        self.depth -= 1;
        made
    }

    fn made(&mut self, expression: &Expression) -> Result<(Node, Known), FormulaError> {
        match expression {
            Expression::Number(number, None) => Ok((Node::Constant(*number), Some(Measure::one()))),
            Expression::Number(number, Some(text)) => Ok((Node::Constant(*number), Some(self.unit(text)?))),
            Expression::Name(name) => self.name(name),
            Expression::Negative(of) => {
                let (node, measure) = self.node(of)?;
                plain(&measure)?;
                Ok((Node::Negative(Box::new(node)), measure))
            }
            Expression::Pair(sign, one, other) => {
                let (one, other) = (self.node(one)?, self.node(other)?);
                self.pair(*sign, one, other)
            }
            Expression::In { of, unit: text, is_bare } => {
                let (node, measure) = self.node(of)?;
                let wanted = self.unit(text)?;
                let node = self.converted(node, &measure, &wanted)?;
                Ok((node, Some(if *is_bare { Measure::one() } else { wanted })))
            }
            Expression::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    /// The units that a formula itself says. Their names are those of UDUNITS, or of units that the table has: a run may count individuals.
    /// Any other would come back as a dimension that nobody wanted.
    fn unit(&self, text: &str) -> Result<Measure, FormulaError> {
        let measure = unit(text)?;
        let all = self.table.keys().filter_map(|key| self.table.get(key));
        let own: Vec<Measure> = all
            .flat_map(|info| [&info.units, &info.source_units])
            .filter_map(|units| Measure::parse(units.as_deref()?))
            .collect();
        let is_own = |name: &str| own.iter().any(|own| own.unknown_names().any(|known| known == name));
        let stranger = measure.unknown_names().find(|name| !is_own(name));
        let what = stranger.map(|name| format!("[{text}], of which {name:?} is not a known unit,"));
        what.map_or(Ok(measure), |what| Err(FormulaError::new(not_units(&what, text))))
    }

    fn name(&mut self, name: &str) -> Result<(Node, Known), FormulaError> {
        let Some((key, row)) = resolve(self.table, name) else {
            let keys: Vec<&str> = self.table.keys().collect();
            let near = words::nearest(name, &keys).map(|near| format!("; did you mean {near}?"));
            let reason = format!(
                "{name} is not a variable that the table of variables has{}; what a run has beside it needs an entry with its units: \
                 [variables.{name}]",
                near.unwrap_or_default()
            );
            return Err(FormulaError::new(reason));
        };
        let Some(info) = self.table.get(&key) else {
            return Err(FormulaError::new(format!("{key} is not there")));
        };
        if is_source(info) {
            if !self.inputs.contains(&key) {
                self.inputs.push(key.clone());
            }
            if !self.methods.contains(&info.cell_method) {
                self.methods.push(info.cell_method);
            }
            let measure = measure_of_source(&key, info)?;
            return Ok((Node::Series(key, row), measure));
        }
        if row.is_some() {
            return Err(FormulaError::new(format!(
                "{key} is made by a formula; its rows are not named one by one"
            )));
        }
        if self.path.contains(&key) {
            return Err(FormulaError::new(format!(
                "it is made of itself: {} → {key}; give what the formula makes another name, which it does not have in it",
                self.path.join(" → ")
            )));
        }
        self.entry(&key)
    }

    fn pair(
        &self,
        sign: Sign,
        (one, of_one): (Node, Known),
        (other, of_other): (Node, Known),
    ) -> Result<(Node, Known), FormulaError> {
        let pair = |other| Node::Pair(sign, Box::new(one), Box::new(other));
        match sign {
            Sign::Times | Sign::Over => {
                plain(&of_one)?;
                plain(&of_other)?;
                let of = |one: Measure, other| {
                    if sign == Sign::Times { one.times(other) } else { one.over(other) }
                };
                let measure = of_one.zip(of_other.as_ref()).map(|(one, other)| of(one, other));
                Ok((pair(other), measure))
            }
            // The difference of two temperatures in °C is one in K.
            Sign::Minus if has_own_zero(&of_one) && of_one == of_other => Ok((pair(other), Some(unit("K")?))),
            Sign::Plus | Sign::Minus => {
                plain(&of_one)?;
                plain(&of_other)?;
                let is_open = of_one.is_none() || of_other.is_none();
                // Nobody knows what a plain number beside unknown units is in.
                if is_open && are_unknown(&of_one, &of_other) {
                    return Ok((pair(other), None));
                }
                match (&of_one, &of_other) {
                    (Some(wanted), _) => {
                        let other = self.converted(other, &of_other, wanted)?;
                        Ok((pair(other), of_one))
                    }
                    (None, Some(wanted)) => Err(unknown(wanted)),
                    (None, None) => Ok((pair(other), None)),
                }
            }
        }
    }

    fn call(&mut self, function: Function, arguments: &[Expression]) -> Result<(Node, Known), FormulaError> {
        let mut all = Vec::new();
        for argument in arguments {
            all.push(self.node(argument)?);
        }
        let mut all = all.into_iter();
        let Some((first, measure)) = all.next() else {
            return Err(FormulaError::new(format!("{} has no value", function.name())));
        };
        match function {
            Function::Sum => plain(&measure).map(|()| (Node::Rows(function, Box::new(first)), measure)),
            Function::Mean => Ok((Node::Rows(function, Box::new(first)), measure)),
            Function::Exp | Function::Log => {
                let node = match &measure {
                    None => first,
                    Some(own) if own.is_alike(&Measure::one()) => {
                        self.converted(first, &measure, &Measure::one())?
                    }
                    Some(_) => {
                        let name = function.name();
                        let reason = format!(
                            "{name} wants a plain number, and this is in {}; divide by a quantity of its kind, or take number(x, [unit])",
                            words_of(&measure)
                        );
                        return Err(FormulaError::new(reason));
                    }
                };
                Ok((Node::Each(function, Box::new(node)), Some(Measure::one())))
            }
            Function::Sqrt => {
                plain(&measure)?;
                let root = match &measure {
                    None => None,
                    Some(own) => Some(own.root().ok_or_else(|| {
                        let reason = format!(
                            "sqrt of {} is not a unit of whole exponents; take number(x, [unit])",
                            words_of(&measure)
                        );
                        FormulaError::new(reason)
                    })?),
                };
                Ok((Node::Each(function, Box::new(first)), root))
            }
            Function::Min | Function::Max => {
                let mut nodes = vec![first];
                for (node, own) in all {
                    nodes.push(match (&measure, &own) {
                        (None, None) => node,
                        (None, Some(known)) => return Err(unknown(known)),
                        (Some(wanted), _) => self.converted(node, &own, wanted)?,
                    });
                }
                Ok((Node::Extreme(function, nodes), measure))
            }
        }
    }

    /// A quantity in another unit.
    fn converted(&self, node: Node, own: &Known, wanted: &Measure) -> Result<Node, FormulaError> {
        let Some(own) = own else { return Err(unknown(wanted)) };
        match own.scale_to(wanted, self.is_by_calendar()) {
            Some(scale) => Ok(scaled(scale, node)),
            None => {
                let (one, other) = (words_of(&Some(wanted.clone())), words_of(&Some(own.clone())));
                let reason = format!("{other} cannot be converted to {one}{}", cure(own, wanted));
                Err(FormulaError::new(reason))
            }
        }
    }
}

fn scaled(scale: Scale, node: Node) -> Node {
    if scale.is_none() { node } else { Node::Scaled(scale, Box::new(node)) }
}

/// Whether nothing is known of two units but that one may be that of plain numbers.
pub(super) fn are_unknown(one: &Known, other: &Known) -> bool {
    let is_plain = |known: &Known| known.as_ref().is_none_or(|known| *known == Measure::one());
    is_plain(one) && is_plain(other)
}

pub(super) fn has_own_zero(measure: &Known) -> bool {
    measure.as_ref().is_some_and(Measure::has_zero_of_its_own)
}

/// Refuses quantities that count from a zero of their own.
fn plain(measure: &Known) -> Result<(), FormulaError> {
    match has_own_zero(measure) {
        false => Ok(()),
        true => Err(FormulaError::new(format!(
            "{} has a zero of its own, so that sums and products of it say nothing; take in(x, [K]), or number(x, [degree_Celsius])",
            words_of(measure)
        ))),
    }
}

fn unknown(other: &Measure) -> FormulaError {
    let other = words_of(&Some(other.clone()));
    FormulaError::new(format!(
        "a variable without known units stands beside {other}; give its units in an entry [variables.NAME]"
    ))
}

fn words_of(measure: &Known) -> String {
    match measure.as_ref().map(|measure| measure.text()) {
        Some(Some("1")) => "a plain number".to_owned(),
        Some(Some(text)) => format!("\"{text}\""),
        Some(None) => "units that have no short name".to_owned(),
        None => "unknown units".to_owned(),
    }
}

/// What could make two units of a kind, behind the reason.
fn cure(own: &Measure, wanted: &Measure) -> String {
    let texts: Vec<&str> = [wanted, own].into_iter().filter_map(Measure::text).collect();
    let spelling = spelling::cure(&texts);
    if !spelling.is_empty() {
        return spelling;
    }
    let one = Measure::one();
    let cure = match own.is_alike(&one) || wanted.is_alike(&one) {
        true => "give a number its unit, as 5 [kg m-2], or take number(x, [unit])",
        false => {
            "only quantities of a kind can be added, compared or converted; multiply or divide by what they differ in"
        }
    };
    format!("; {cure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_the_run_itself_are_taken_and_others_are_not() {
        let mut table = VariableTable::caete();
        let info = |units: Option<&str>, formula: Option<&str>| VariableInfo {
            units: units.map(str::to_owned),
            formula: formula.map(str::to_owned),
            ..VariableInfo::called("x")
        };
        table.set("density", info(Some("ind m-2"), None));
        table.set("plain", info(None, Some("in(density, [ind ha-1]) / 1 [ind ha-1]")));
        let measure = compile(&table, "plain").expect("units that the table has").measure;
        assert_eq!(measure.as_ref().and_then(Measure::text), Some("1"));
        for formula in ["density * 1 [blah]", "in(density, [inds m-2])", "number(1 [s blah] / 1 [blah], [s])"]
        {
            table.set("plain", info(None, Some(formula)));
            let error = compile(&table, "plain").err().expect(formula).to_string();
            assert!(error.contains("is not a known unit"), "{formula}: {error}");
        }
    }
}
