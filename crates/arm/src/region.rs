//! Azure regions, their display names and their pairs.
//!
//! The table is the public list of physical regions with `metadata.pairedRegion` as `GET /subscriptions/{s}/locations`
//! answers it. Pairs are not symmetric (Brazil South → South Central US, but not back) and may be missing.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::suggest::nearest;

/// A region's canonical short name, such as `westeurope`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Region(Arc<str>);

/// A text names no region of Azure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not an Azure region")]
pub struct UnknownRegion {
    /// The text as given.
    pub given: String,
    /// The region that was probably meant.
    pub nearest: Option<&'static str>,
}

/// One row of the table: short name, display name, short form for names, pair, geography.
struct Row(&'static str, &'static str, &'static str, Option<&'static str>, &'static str);

#[rustfmt::skip]
const REGIONS: &[Row] = &[
    Row("australiacentral", "Australia Central", "acl", Some("australiacentral2"), "Australia"),
    Row("australiacentral2", "Australia Central 2", "acl2", Some("australiacentral"), "Australia"),
    Row("australiaeast", "Australia East", "ae", Some("australiasoutheast"), "Australia"),
    Row("australiasoutheast", "Australia Southeast", "ase", Some("australiaeast"), "Australia"),
    Row("austriaeast", "Austria East", "ate", None, "Austria"),
    Row("belgiumcentral", "Belgium Central", "bec", None, "Belgium"),
    Row("brazilsouth", "Brazil South", "brs", Some("southcentralus"), "Brazil"),
    Row("brazilsoutheast", "Brazil Southeast", "bse", Some("brazilsouth"), "Brazil"),
    Row("canadacentral", "Canada Central", "cnc", Some("canadaeast"), "Canada"),
    Row("canadaeast", "Canada East", "cne", Some("canadacentral"), "Canada"),
    Row("centralindia", "Central India", "inc", Some("southindia"), "India"),
    Row("centralus", "Central US", "cus", Some("eastus2"), "United States"),
    Row("centraluseuap", "Central US EUAP", "ccy", Some("eastus2euap"), "Canary (US)"),
    Row("chilecentral", "Chile Central", "clc", None, "Chile"),
    Row("chinaeast", "China East", "sha", Some("chinanorth"), "China"),
    Row("chinaeast2", "China East 2", "sha2", Some("chinanorth2"), "China"),
    Row("chinaeast3", "China East 3", "sha3", Some("chinanorth3"), "China"),
    Row("chinanorth", "China North", "bjb", Some("chinaeast"), "China"),
    Row("chinanorth2", "China North 2", "bjb2", Some("chinaeast2"), "China"),
    Row("chinanorth3", "China North 3", "bjb3", Some("chinaeast3"), "China"),
    Row("denmarkeast", "Denmark East", "dke", None, "Denmark"),
    Row("eastasia", "East Asia", "ea", Some("southeastasia"), "Asia Pacific"),
    Row("eastus", "East US", "eus", Some("westus"), "United States"),
    Row("eastus2", "East US 2", "eus2", Some("centralus"), "United States"),
    Row("eastus2euap", "East US 2 EUAP", "ecy", Some("centraluseuap"), "Canary (US)"),
    Row("francecentral", "France Central", "frc", Some("francesouth"), "France"),
    Row("francesouth", "France South", "frs", Some("francecentral"), "France"),
    Row("germanynorth", "Germany North", "gn", Some("germanywestcentral"), "Germany"),
    Row("germanywestcentral", "Germany West Central", "gwc", Some("germanynorth"), "Germany"),
    Row("indonesiacentral", "Indonesia Central", "idc", None, "Indonesia"),
    Row("israelcentral", "Israel Central", "ilc", None, "Israel"),
    Row("italynorth", "Italy North", "itn", None, "Italy"),
    Row("japaneast", "Japan East", "jpe", Some("japanwest"), "Japan"),
    Row("japanwest", "Japan West", "jpw", Some("japaneast"), "Japan"),
    Row("jioindiacentral", "Jio India Central", "jic", Some("jioindiawest"), "India"),
    Row("jioindiawest", "Jio India West", "jiw", Some("jioindiacentral"), "India"),
    Row("koreacentral", "Korea Central", "krc", Some("koreasouth"), "Korea"),
    Row("koreasouth", "Korea South", "krs", Some("koreacentral"), "Korea"),
    Row("malaysiawest", "Malaysia West", "myw", None, "Malaysia"),
    Row("mexicocentral", "Mexico Central", "mxc", None, "Mexico"),
    Row("newzealandnorth", "New Zealand North", "nzn", None, "New Zealand"),
    Row("northcentralus", "North Central US", "ncus", Some("southcentralus"), "United States"),
    Row("northeurope", "North Europe", "neu", Some("westeurope"), "Europe"),
    Row("norwayeast", "Norway East", "nwe", Some("norwaywest"), "Norway"),
    Row("norwaywest", "Norway West", "nww", Some("norwayeast"), "Norway"),
    Row("polandcentral", "Poland Central", "plc", None, "Poland"),
    Row("qatarcentral", "Qatar Central", "qac", None, "Qatar"),
    Row("southafricanorth", "South Africa North", "san", Some("southafricawest"), "South Africa"),
    Row("southafricawest", "South Africa West", "saw", Some("southafricanorth"), "South Africa"),
    Row("southcentralus", "South Central US", "scus", Some("northcentralus"), "United States"),
    Row("southeastasia", "Southeast Asia", "sea", Some("eastasia"), "Asia Pacific"),
    Row("southindia", "South India", "ins", Some("centralindia"), "India"),
    Row("spaincentral", "Spain Central", "spc", None, "Spain"),
    Row("swedencentral", "Sweden Central", "sdc", Some("swedensouth"), "Sweden"),
    Row("swedensouth", "Sweden South", "sds", Some("swedencentral"), "Sweden"),
    Row("switzerlandnorth", "Switzerland North", "szn", Some("switzerlandwest"), "Switzerland"),
    Row("switzerlandwest", "Switzerland West", "szw", Some("switzerlandnorth"), "Switzerland"),
    Row("taiwannorth", "Taiwan North", "twn", None, "Taiwan"),
    Row("uaecentral", "UAE Central", "uac", Some("uaenorth"), "UAE"),
    Row("uaenorth", "UAE North", "uan", Some("uaecentral"), "UAE"),
    Row("uksouth", "UK South", "uks", Some("ukwest"), "United Kingdom"),
    Row("ukwest", "UK West", "ukw", Some("uksouth"), "United Kingdom"),
    Row("usdodcentral", "US DoD Central", "udc", Some("usdodeast"), "US Government"),
    Row("usdodeast", "US DoD East", "ude", Some("usdodcentral"), "US Government"),
    Row("usgovarizona", "USGov Arizona", "uga", Some("usgovtexas"), "US Government"),
    Row("usgoviowa", "USGov Iowa", "ugi", Some("usgovvirginia"), "US Government"),
    Row("usgovtexas", "USGov Texas", "ugt", Some("usgovvirginia"), "US Government"),
    Row("usgovvirginia", "USGov Virginia", "ugv", Some("usgovtexas"), "US Government"),
    Row("westcentralus", "West Central US", "wcus", Some("westus2"), "United States"),
    Row("westeurope", "West Europe", "weu", Some("northeurope"), "Europe"),
    Row("westindia", "West India", "inw", Some("southindia"), "India"),
    Row("westus", "West US", "wus", Some("eastus"), "United States"),
    Row("westus2", "West US 2", "wus2", Some("westcentralus"), "United States"),
    Row("westus3", "West US 3", "wus3", Some("eastus"), "United States"),
];

/// The regions of the table that have no availability zones.
const WITHOUT_ZONES: &[&str] = &[
    "australiacentral",
    "australiacentral2",
    "australiasoutheast",
    "brazilsoutheast",
    "canadaeast",
    "chinaeast",
    "chinaeast2",
    "chinaeast3",
    "chinanorth",
    "chinanorth2",
    "francesouth",
    "germanynorth",
    "jioindiacentral",
    "jioindiawest",
    "koreasouth",
    "northcentralus",
    "norwaywest",
    "southafricawest",
    "southindia",
    "swedensouth",
    "switzerlandwest",
    "taiwannorth",
    "uaecentral",
    "ukwest",
    "usdodcentral",
    "usdodeast",
    "usgovarizona",
    "usgoviowa",
    "usgovtexas",
    "westcentralus",
    "westindia",
    "westus",
];

impl Region {
    /// Reads a region as a person writes it: `West Europe`, `westeurope`, `WESTEUROPE`.
    pub fn parse(text: &str) -> Result<Self, UnknownRegion> {
        let short = Self::fold(text);
        match row(&short) {
            Some(_) => Ok(Self(short.into())),
            None => Err(UnknownRegion {
                given: text.to_owned(),
                nearest: nearest(&short, REGIONS.iter().map(|row| row.0)),
            }),
        }
    }

    /// The region of the table that a text names as a whole, in whatever form; [`Region::parse`] also says what was meant.
    pub fn known(text: &str) -> Option<Self> {
        // No region is longer, and most texts are.
        const LENGTH_MAX: usize = 32;
        if text.len() > LENGTH_MAX {
            return None;
        }
        row(&Self::fold(text)).map(|row| Self(row.0.into()))
    }

    /// A `location` as Azure compares it: blanks removed, case folded. Accepts regions younger than the table.
    pub fn lenient(text: &str) -> Self {
        Self(Self::fold(text).into())
    }

    fn fold(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
    }

    /// All regions of the table, in alphabetical order.
    pub fn all() -> impl Iterator<Item = Self> {
        REGIONS.iter().map(|row| Self(row.0.into()))
    }

    /// Whether it has availability zones. Regions younger than the table have: all new ones do.
    pub fn has_zones(&self) -> bool {
        !WITHOUT_ZONES.contains(&self.as_str())
    }

    /// The canonical short name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name people see in the portal, `West Europe`.
    pub fn display_name(&self) -> &str {
        row(&self.0).map_or(&self.0, |row| row.1)
    }

    /// A few letters to tell regions apart inside resource names, `weu`.
    pub fn abbreviation(&self) -> &str {
        row(&self.0).map_or(&self.0, |row| row.2)
    }

    /// The region Azure pairs this one with, if any.
    pub fn pair(&self) -> Option<Self> {
        row(&self.0)?.3.map(|name| Self(name.into()))
    }

    /// The geography, such as `Europe`.
    pub fn geography(&self) -> Option<&'static str> {
        row(&self.0).map(|row| row.4)
    }
}

fn row(short: &str) -> Option<&'static Row> {
    REGIONS.binary_search_by(|row| row.0.cmp(short)).ok().map(|at| &REGIONS[at])
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_known_of_regions_of_the_table() {
        for name in WITHOUT_ZONES {
            assert!(Region::parse(name).is_ok_and(|region| !region.has_zones()), "{name}");
        }
        for name in ["westeurope", "westus2", "atlantiseast"] {
            assert!(Region::lenient(name).has_zones(), "{name}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_every_pair_exists() {
        assert!(REGIONS.is_sorted_by(|a, b| a.0 < b.0));
        for region in Region::all() {
            if let Some(pair) = region.pair() {
                assert!(row(pair.as_str()).is_some(), "{region} is paired with an unknown {pair}");
            }
        }
    }

    #[test]
    fn a_region_is_read_as_people_write_it() {
        for text in ["West Europe", "westeurope", "WESTEUROPE"] {
            assert_eq!(Region::parse(text).unwrap().as_str(), "westeurope");
        }
    }

    #[test]
    fn only_regions_of_the_table_are_known() {
        for (text, region) in [
            ("West Europe", Some("westeurope")),
            ("eastus2", Some("eastus2")),
            ("global", None),
            ("westeurope, northeurope", None),
            ("", None),
        ] {
            assert_eq!(Region::known(text).as_ref().map(Region::as_str), region, "{text}");
        }
    }

    #[test]
    fn an_unknown_region_names_the_likely_one() {
        assert_eq!(Region::parse("westeurop").unwrap_err().nearest, Some("westeurope"));
        assert_eq!(Region::parse("atlantis").unwrap_err().nearest, None);
    }

    #[test]
    fn pairs_need_not_be_symmetric() {
        let brazil = Region::parse("brazilsouth").unwrap();
        assert_eq!(brazil.pair().unwrap().pair().unwrap().as_str(), "northcentralus");
        assert_eq!(Region::parse("qatarcentral").unwrap().pair(), None);
    }
}
