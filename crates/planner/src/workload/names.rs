//! The names of a workload file as types of their own, each with the rule that Azure or Lifeboat has for it.

use std::fmt;

use super::reader::Complaint;

/// A text with a rule: constructor, accessor and display are the same for each.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $check:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Reads the name; the complaint says which rule it breaks.
            pub fn parse(text: &str) -> Result<Self, Complaint> {
                $check(text).map(Self)
            }

            /// The name as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The workload's name: part of journal paths and resource tags, hence lower case and short.
    WorkloadName,
    workload_name
);
name!(
    /// A subscription's GUID, in lower case.
    SubscriptionId,
    subscription_id
);
name!(
    /// A resource group's name. Azure compares it without regard to case: use [`GroupName::is`].
    GroupName,
    group_name
);
name!(
    /// A file, relative to the workload file.
    FilePath,
    file_path
);
name!(
    /// A rule's id, such as `SB-SKU`.
    RuleId,
    rule_id
);
name!(
    /// A component's name, as reports print it.
    ComponentName,
    component_name
);
name!(
    /// Who may answer questions: an address or a name, as the sign-in prints it.
    Approver,
    component_name
);

impl GroupName {
    /// Whether Azure takes the two names for the same group.
    pub fn is(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }
}

/// The name, or which rule it breaks.
pub(crate) fn check(text: &str, holds: bool, what: &str, rule: &str) -> Result<String, Complaint> {
    if holds {
        Ok(text.to_owned())
    } else {
        Err(Complaint::new(format!("`{text}` is not {what}")).hint(rule))
    }
}

fn workload_name(text: &str) -> Result<String, Complaint> {
    let holds = (1..=40).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let rule = "1 to 40 lower-case letters, digits and `-`, a letter first, no `-` last";
    check(text, holds, "a workload's name", rule)
}

fn subscription_id(text: &str) -> Result<String, Complaint> {
    let groups: Vec<&str> = text.split('-').collect();
    let holds = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.chars().all(|c| c.is_ascii_hexdigit()));
    let rule = "a GUID is wanted; `az account show --query id` prints it";
    check(text, holds, "a subscription's id", rule).map(|id| id.to_ascii_lowercase())
}

fn group_name(text: &str) -> Result<String, Complaint> {
    let holds = (1..=90).contains(&text.chars().count())
        && !text.ends_with('.')
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '(' | ')'));
    let rule = "1 to 90 letters, digits, `_`, `-`, `.`, `(` and `)`, no `.` last";
    check(text, holds, "a resource group's name", rule)
}

fn file_path(text: &str) -> Result<String, Complaint> {
    let holds = !text.trim().is_empty() && !text.contains("://") && !text.ends_with('/');
    check(
        text,
        holds,
        "a file",
        "a path relative to the workload file is wanted, such as `infra/regional.json`",
    )
}

fn rule_id(text: &str) -> Result<String, Complaint> {
    let holds = !text.is_empty()
        && text.split('-').all(|part| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        });
    let complaint = check(text, holds, "a rule's id", "`lifeboat assess` prints the ids, such as `SB-SKU`");
    match (complaint, text.to_ascii_uppercase()) {
        (Err(_), upper) if upper != text && rule_id(&upper).is_ok() => {
            Err(Complaint::new(format!("`{text}` is not a rule's id"))
                .hint(format!("did you mean `{upper}`?")))
        }
        (complaint, _) => complaint,
    }
}

fn component_name(text: &str) -> Result<String, Complaint> {
    check(
        text,
        !text.trim().is_empty() && text.trim() == text,
        "a name",
        "it is blank, or has blanks around it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_breaks_its_rule_is_refused() {
        assert!(WorkloadName::parse("orders").is_ok());
        for bad in ["", "Orders", "4orders", "orders-", "or ders", &"o".repeat(41)] {
            assert!(WorkloadName::parse(bad).is_err(), "{bad}");
        }
        assert!(GroupName::parse("orders-weu_(1).x").is_ok());
        for bad in ["", "orders.", "a/b", &"g".repeat(91)] {
            assert!(GroupName::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "https://x/y.json", "infra/"] {
            assert!(FilePath::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "SB-", "SB_SKU", "SB SKU"] {
            assert!(RuleId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_guid_is_folded_and_anything_else_refused() {
        let id = SubscriptionId::parse("ABCDEF00-0000-0000-0000-000000000000").unwrap();
        assert_eq!(id.as_str(), "abcdef00-0000-0000-0000-000000000000");
        for bad in
            ["", "orders", "00000000-0000-0000-0000-00000000000", "g0000000-0000-0000-0000-000000000000"]
        {
            assert!(SubscriptionId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rule_in_lower_case_is_suggested_in_upper_case() {
        let expected = Complaint::new("`sb-sku` is not a rule's id").hint("did you mean `SB-SKU`?");
        assert_eq!(RuleId::parse("sb-sku"), Err(expected));
    }

    #[test]
    fn groups_compare_without_case() {
        let [a, b] = ["Orders-WEU", "orders-weu"].map(|text| GroupName::parse(text).unwrap());
        assert!(a.is(&b) && a != b);
    }
}
