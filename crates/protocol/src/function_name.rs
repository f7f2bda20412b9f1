use std::str::FromStr;

/// The name of a Lambda function, as a user writes it: `NAME`, `ACCOUNT:function:NAME` or an ARN. Each may end with
/// `:QUALIFIER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionName {
    /// The name or ARN, without its qualifier.
    pub name: String,
    /// The version or alias, if the name has one.
    pub qualifier: Option<String>,
    /// The region, if the name is an ARN.
    pub region: Option<String>,
}

/// Why a text is not the name of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FunctionNameError {
    /// The text begins like an ARN, but is not the ARN of a function.
    #[error("not the ARN of a function: expected arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]")]
    Arn,
    /// The text is not a name.
    #[error("not the name of a function: expected letters, digits, - and _, as in NAME or NAME:QUALIFIER")]
    Name,
    /// The text is not a qualifier.
    #[error("not a version or alias: expected letters, digits, - and _, or $LATEST")]
    Qualifier,
}

impl FromStr for FunctionName {
    type Err = FunctionNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<_> = text.split(':').collect();
        // The parts before the name of the function and its qualifier.
        let (before, region) = match parts[..] {
            ["arn", partition, "lambda", region, account, "function", _, ..] => {
                let filled = [partition, region, account].iter().all(|part| !part.is_empty());
                (6, Some(filled.then_some(region).ok_or(FunctionNameError::Arn)?))
            }
            ["arn", ..] => return Err(FunctionNameError::Arn),
            [account, "function", _, ..] if is_account(account) => (2, None),
            _ => (0, None),
        };
        let (name, qualifier) = match parts[before..] {
            [name] => (name, None),
            [name, qualifier] => (name, Some(qualifier)),
            _ => return Err(FunctionNameError::Name),
        };
        if !is_name(name) {
            return Err(FunctionNameError::Name);
        }
        let qualifier = qualifier.map(parse_qualifier).transpose()?;
        let region = region.map(str::to_owned);
        Ok(Self { name: parts[..=before].join(":"), qualifier, region })
    }
}

/// Parses a version or alias.
///
/// # Errors
/// When `text` is not a qualifier.
pub fn parse_qualifier(text: &str) -> Result<String, FunctionNameError> {
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "-_$.".contains(letter);
    let fits = !text.is_empty() && text.chars().all(legal);
    fits.then(|| text.to_owned()).ok_or(FunctionNameError::Qualifier)
}

fn is_name(text: &str) -> bool {
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    !text.is_empty() && text.chars().all(legal)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_arns_are_parsed() {
        let check = |text: &str, expect: (&str, Option<&str>, Option<&str>)| {
            let parsed: FunctionName = text.parse().unwrap();
            let FunctionName { name, qualifier, region } = &parsed;
            assert_eq!((name.as_str(), qualifier.as_deref(), region.as_deref()), expect);
        };
        check("clmath", ("clmath", None, None));
        check("cl-math_2:3", ("cl-math_2", Some("3"), None));
        check("clmath:$LATEST", ("clmath", Some("$LATEST"), None));
        check("123456789012:function:clmath:live", ("123456789012:function:clmath", Some("live"), None));
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:clmath";
        check(arn, (arn, None, Some("eu-west-1")));
        check(&format!("{arn}:3"), (arn, Some("3"), Some("eu-west-1")));
    }

    #[test]
    fn a_text_that_names_no_function_is_refused() {
        let check = |text: &str, expect| assert_eq!(text.parse::<FunctionName>(), Err(expect), "{text}");
        check("", FunctionNameError::Name);
        check("cl math", FunctionNameError::Name);
        check("a:b:c", FunctionNameError::Name);
        check("clmath:", FunctionNameError::Qualifier);
        check("clmath:a/b", FunctionNameError::Qualifier);
        check("arn:aws:sqs:eu-west-1:123456789012:queue", FunctionNameError::Arn);
        check("arn:aws:lambda::123456789012:function:clmath", FunctionNameError::Arn);
        check("arn:aws:lambda:eu-west-1:123456789012:function:clmath:1:2", FunctionNameError::Name);
    }
}
