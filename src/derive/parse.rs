//! The words of formulas, and what they make.
//!
//! A formula is numbers, names of variables, `+ - * /`, parentheses and functions. A number may have a unit behind it in brackets.

use super::FormulaError;

/// Words of a formula at most: what is made of one is walked by functions that call themselves.
const MOST_WORDS: usize = 1000;

/// Parentheses and signs within each other at most.
const DEEPEST: usize = 64;

/// What a formula says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    /// A number, and its unit; without one it is a plain number.
    Number(f64, Option<String>),
    /// A variable, or a row of one.
    Name(String),
    Negative(Box<Expression>),
    Pair(Sign, Box<Expression>, Box<Expression>),
    Call(Function, Vec<Expression>),
    /// In another unit, and as a plain number where it `is_bare`.
    In {
        of: Box<Expression>,
        unit: String,
        is_bare: bool,
    },
}

/// What stands between two terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Plus,
    Minus,
    Times,
    Over,
}

impl Sign {
    fn of(letter: char) -> Option<Self> {
        [('+', Self::Plus), ('-', Self::Minus), ('*', Self::Times), ('/', Self::Over)]
            .into_iter()
            .find_map(|(own, sign)| (own == letter).then_some(sign))
    }
}

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    /// Over all rows.
    Sum,
    /// Over all rows.
    Mean,
    Exp,
    /// The natural one.
    Log,
    Sqrt,
    /// The least of several.
    Min,
    /// The greatest of several.
    Max,
}

impl Function {
    const ALL: [(&str, Function); 7] = [
        ("sum", Function::Sum),
        ("mean", Function::Mean),
        ("exp", Function::Exp),
        ("log", Function::Log),
        ("sqrt", Function::Sqrt),
        ("min", Function::Min),
        ("max", Function::Max),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, function)| *function == self).map_or("", |(name, _)| name)
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Word {
    Number(f64),
    Name(String),
    Unit(String),
    Letter(char),
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Word::Number(number) => write!(f, "{number}"),
            Word::Name(name) => write!(f, "{name}"),
            Word::Unit(unit) => write!(f, "[{unit}]"),
            Word::Letter(letter) => write!(f, "{letter}"),
        }
    }
}

/// Reads a formula.
pub(super) fn parse(text: &str) -> Result<Expression, FormulaError> {
    let words = words(text)?;
    if words.is_empty() {
        return Err(FormulaError::new("it is empty"));
    }
    if words.len() > MOST_WORDS {
        let reason = format!("{} words are more than the limit of {MOST_WORDS}", words.len());
        return Err(FormulaError::new(reason));
    }
    let mut reader = Reader { words: &words, depth: 0 };
    let expression = reader.sum()?;
    match reader.words {
        [] => Ok(expression),
        [word, ..] => Err(FormulaError::new(format!("\"{word}\" stands where + - * / or the end is wanted"))),
    }
}

fn words(text: &str) -> Result<Vec<Word>, FormulaError> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = if first.is_ascii_digit() || first == '.' {
            number(rest)?
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (name, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            (Word::Name(name.to_owned()), after)
        } else if let Some((opens, closes)) =
            [('`', '`'), ('[', ']')].into_iter().find(|(own, _)| *own == first)
        {
            let inner = rest.get(1..).unwrap_or_default();
            let (inner, after) = inner
                .split_once(closes)
                .ok_or_else(|| FormulaError::new(format!("\"{opens}\" has no \"{closes}\" behind it")))?;
            let inner = inner.trim().to_owned();
            (if first == '[' { Word::Unit(inner) } else { Word::Name(inner) }, after)
        } else if "+-*/(),".contains(first) {
            (Word::Letter(first), rest.get(1..).unwrap_or_default())
        } else {
            let what = first.escape_default();
            let reason = format!(
                "\"{what}\" is not a part of formulas, which are names, numbers, + - * / ( ) and functions"
            );
            return Err(FormulaError::new(reason));
        };
        words.push(word);
        rest = after.trim_start();
    }
    Ok(words)
}

fn number(text: &str) -> Result<(Word, &str), FormulaError> {
    let mut end = 0;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        let is_sign = matches!(letter, '+' | '-') && matches!(before, 'e' | 'E');
        if !(letter.is_ascii_alphanumeric() || letter == '.' || letter == '_' || is_sign) {
            break;
        }
        (end, before) = (at + letter.len_utf8(), letter);
    }
    let (own, after) = text.split_at_checked(end).unwrap_or((text, ""));
    match own.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Word::Number(number), after)),
        _ => Err(FormulaError::new(format!("\"{own}\" is not a number"))),
    }
}

struct Reader<'a> {
    words: &'a [Word],
    depth: usize,
}

impl Reader<'_> {
    fn take(&mut self) -> Option<Word> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first.clone())
    }

    fn takes(&mut self, letter: char) -> bool {
        let is_next = self.words.first() == Some(&Word::Letter(letter));
        if is_next {
            self.take();
        }
        is_next
    }

    fn wants(&mut self, letter: char) -> Result<(), FormulaError> {
        if self.takes(letter) {
            return Ok(());
        }
        let there = self.words.first().map_or("the end".to_owned(), |word| format!("\"{word}\""));
        Err(FormulaError::new(format!("{there} stands where \"{letter}\" is wanted")))
    }

    fn sign(&mut self, wanted: [Sign; 2]) -> Option<Sign> {
        let Some(Word::Letter(letter)) = self.words.first() else { return None };
        let sign = Sign::of(*letter).filter(|sign| wanted.contains(sign))?;
        self.take();
        Some(sign)
    }

    fn sum(&mut self) -> Result<Expression, FormulaError> {
        let mut all = self.product()?;
        while let Some(sign) = self.sign([Sign::Plus, Sign::Minus]) {
            all = Expression::Pair(sign, Box::new(all), Box::new(self.product()?));
        }
        Ok(all)
    }

    fn product(&mut self) -> Result<Expression, FormulaError> {
        let mut all = self.one()?;
        while let Some(sign) = self.sign([Sign::Times, Sign::Over]) {
            all = Expression::Pair(sign, Box::new(all), Box::new(self.one()?));
        }
        Ok(all)
    }

    fn one(&mut self) -> Result<Expression, FormulaError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(FormulaError::new(format!(
                "more than {DEEPEST} parentheses or signs stand within each other"
            )));
        }
        let one = self.inner();
        self.depth -= 1;
        one
    }

    fn inner(&mut self) -> Result<Expression, FormulaError> {
        match self.take() {
            Some(Word::Number(number)) => {
                let unit = match self.words.first() {
                    Some(Word::Unit(unit)) => Some(unit.clone()),
                    _ => None,
                };
                if unit.is_some() {
                    self.take();
                }
                Ok(Expression::Number(number, unit))
            }
            Some(Word::Letter('-')) => Ok(Expression::Negative(Box::new(self.one()?))),
            Some(Word::Letter('+')) => self.one(),
            Some(Word::Letter('(')) => {
                let inner = self.sum()?;
                self.wants(')')?;
                Ok(inner)
            }
            Some(Word::Name(name)) if self.takes('(') => self.call(&name),
            Some(Word::Name(name)) if name.is_empty() => Err(FormulaError::new("a name is empty")),
            Some(Word::Name(name)) => Ok(Expression::Name(name)),
            Some(Word::Unit(unit)) => Err(FormulaError::new(format!(
                "[{unit}] is a unit, which stands behind a number; of a variable: in(x, [{unit}])"
            ))),
            Some(word) => {
                Err(FormulaError::new(format!("\"{word}\" stands where a name or a number is wanted")))
            }
            None => Err(FormulaError::new("it ends where a name or a number is wanted")),
        }
    }

    fn call(&mut self, name: &str) -> Result<Expression, FormulaError> {
        if name == "in" || name == "number" {
            let of = Box::new(self.sum()?);
            self.wants(',')?;
            let Some(Word::Unit(unit)) = self.take() else {
                return Err(FormulaError::new(format!("{name} wants a unit in brackets: {name}(x, [K])")));
            };
            self.wants(')')?;
            return Ok(Expression::In { of, unit, is_bare: name == "number" });
        }
        let function = Function::ALL.iter().find(|(own, _)| *own == name).map(|(_, function)| *function);
        let function = function.ok_or_else(|| {
            let names: Vec<&str> =
                Function::ALL.iter().map(|(name, _)| *name).chain(["in", "number"]).collect();
            FormulaError::new(format!("{name} is not a function; there are {}", names.join(", ")))
        })?;
        let mut arguments = vec![self.sum()?];
        while self.takes(',') {
            arguments.push(self.sum()?);
        }
        self.wants(')')?;
        let takes_several = matches!(function, Function::Min | Function::Max);
        match (takes_several, arguments.len()) {
            (true, 1) => Err(FormulaError::new(format!("{name} wants two values or more: {name}(a, b)"))),
            (false, 2..) => Err(FormulaError::new(format!("{name} wants one value: {name}(a)"))),
            _ => Ok(Expression::Call(function, arguments)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(expression: &Expression) -> String {
        match expression {
            Expression::Number(number, None) => number.to_string(),
            Expression::Number(number, Some(unit)) => format!("{number}[{unit}]"),
            Expression::Name(name) => name.clone(),
            Expression::Negative(of) => format!("(-{})", shown(of)),
            Expression::Pair(sign, one, other) => {
                let sign = match sign {
                    Sign::Plus => '+',
                    Sign::Minus => '-',
                    Sign::Times => '*',
                    Sign::Over => '/',
                };
                format!("({}{sign}{})", shown(one), shown(other))
            }
            Expression::Call(function, all) => {
                let all: Vec<String> = all.iter().map(shown).collect();
                format!("{}({})", function.name(), all.join(","))
            }
            Expression::In { of, unit, is_bare } => {
                format!("{}({},[{unit}])", if *is_bare { "number" } else { "in" }, shown(of))
            }
        }
    }

    #[test]
    fn formulas() {
        for (text, wanted) in [
            ("npp - hresp", "(npp-hresp)"),
            ("a-b-c*d/e", "((a-b)-((c*d)/e))"),
            ("-a*b", "((-a)*b)"),
            ("sum(csoil)/1e3", "(sum(csoil)/1000)"),
            ("6.5e-1 [kPa]*exp( number(t,[degC]) )", "(0.65[kPa]*exp(number(t,[degC])))"),
            ("min(a,b,2)", "min(a,b,2)"),
            ("`net radiation`*+2", "(net radiation*2)"),
            ("sum", "sum"),
        ] {
            assert_eq!(shown(&parse(text).expect(text)), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_formula_is_refused_in_words() {
        for (text, word) in [
            ("", "empty"),
            ("a +", "ends"),
            ("(a", "\")\" is wanted"),
            ("a b", "\"b\" stands where"),
            ("a ** b", "\"*\" stands where"),
            ("1x", "\"1x\" is not a number"),
            ("1e999", "not a number"),
            ("tan(a)", "tan is not a function"),
            ("min(a)", "two values"),
            ("exp(a, b)", "one value"),
            ("a [K]", "\"[K]\" stands"),
            ("[K]", "is a unit"),
            ("in(a, K)", "wants a unit"),
            ("a ^ 2", "\"^\" is not a part"),
            ("[K", "has no \"]\""),
            (&"(".repeat(100), "within each other"),
            (&"1+".repeat(600), "words are more"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text(text in ".*") {
            let _ = parse(&text);
        }

        #[test]
        fn any_words(words in prop::collection::vec("a|[0-9]|\\(|\\)|\\+|-|\\*|/|,|exp\\(|\\[m\\]", 0..40)) {
            let _ = parse(&words.join(" "));
        }
    }
}
