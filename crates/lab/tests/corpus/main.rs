//! Public templates: each that expands is deployed into a lab, and then a second time nothing would change.
//!
//! The floor only ever goes up.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod case;
mod presumed;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;

use case::Case;
use lifeboat_testdata::{json_files, shared};
use world::World;

/// How many templates deploy twice. Only ever raised.
const FLOOR: usize = 993;

/// Templates that expand and that Azure would not deploy either, or not without a change, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("Azure__arm-ttk/unit-tests/_arm-ttk-module/NestedInnerTemplates.json", OTHER_GROUP),
    (
        "Azure__arm-ttk/unit-tests/adminUsername-Should-Not-Be-A-Literal/Fail/nested-deployment-literal.json",
        DRAWN,
    ),
    ("Azure__arm-ttk/unit-tests/adminUsername-Should-Not-Be-A-Literal/Pass/nested-deployment.json", DRAWN),
    (
        "Azure__arm-ttk/unit-tests/apiversions-should-be-recent/Fail/OldApiVersion-In-SymbolicResource.json",
        DRAWN,
    ),
    (
        "Azure__arm-ttk/unit-tests/apiversions-should-be-recent/Pass/ApiVersion-In-SymbolicResource.json",
        DRAWN,
    ),
    ("Azure__azure-devtestlab/Environments/WebApp-MySQL/azuredeploy.json", BY_LUCK),
    ("Azure__azure-devtestlab/Environments/WebApp-PostgresSQL/azuredeploy.json", BY_LUCK),
    (
        "Azure__bicep/src/Bicep.Core.Samples/Files/user_submitted/201/avd-backplane-with-network-and-storage-and-monitoring/main.json",
        DRAWN,
    ),
    (
        "Azure__bicep/src/Bicep.Core.Samples/Files/user_submitted/201/avd-backplane-with-network-and-storage-and-monitoring/main.symbolicnames.json",
        DRAWN,
    ),
    (
        "Azure__template-analyzer/src/Analyzer.Core.BuiltInRuleTests/Tests/TA-000001/AppServicesLogs-Failures.json",
        NO_LOCATION,
    ),
    (
        "Azure__template-analyzer/src/Analyzer.Core.BuiltInRuleTests/Tests/TA-000001/AppServicesLogs-Passes.json",
        NO_LOCATION,
    ),
    (
        "Azure__template-analyzer/src/Analyzer.Core.BuiltInRuleTests/Tests/TA-000028/SQLServerAuditingSettings-Failures.json",
        NO_LOCATION,
    ),
    (
        "Azure__template-analyzer/src/Analyzer.Core.BuiltInRuleTests/Tests/TA-000028/SQLServerAuditingSettings-Passes.json",
        NO_LOCATION,
    ),
    (
        "Azure__template-analyzer/src/Analyzer.Core.BuiltInRuleTests/Tests/TA-000031/StorageAccounts.json",
        NO_LOCATION,
    ),
    ("BernieWhite__PSRule.Rules.Azure/docs/examples/resources/mysql.json", ONE_NAME),
    ("BernieWhite__PSRule.Rules.Azure/tests/PSRule.Rules.Azure.Tests/Tests.Bicep.9.json", NO_LOCATION),
    ("BernieWhite__PSRule.Rules.Azure/tests/PSRule.Rules.Azure.Tests/Resources.Template4.json", NO_CONTAINER),
    ("BernieWhite__PSRule.Rules.Azure/tests/PSRule.Rules.Azure.Tests/Tests.Bicep.35.json", SCRIPT),
    (
        "mspnp__template-building-blocks/templates/buildingBlocks/loadBalancers/loadBalancers-networkInterfaces.json",
        MADE_UP,
    ),
];

const OTHER_GROUP: &str = "it makes one group and deploys into another, by the name of a deployment";
const NO_CONTAINER: &str = "it maps a container that it does not make, by a name that was never filled in";
const SCRIPT: &str = "it needs a value that only the run of a script could tell";
const DRAWN: &str =
    "a template inside draws by `newGuid` or `utcNow`, where nobody can give a value: Azure would change it";
const NO_LOCATION: &str = "a resource with a region has no `location`";
const BY_LUCK: &str = "the settings of the site wait for the database and not for the site, and win by luck";
const MADE_UP: &str = "the value made up for a parameter holds a text where the template merges objects";
const ONE_NAME: &str = "two servers are to have one host name";

/// Proves: S05. Each template that expands deploys, and the second time nothing would change.
#[test]
fn public_templates_deploy_twice() {
    let Some(corpus) = shared("arm/corpus") else { return };
    let files = json_files(&corpus);
    let outcomes = all(&files, |path| {
        let case = Case::read(&corpus, path)?;
        let outcome = World::around(&case).deploy_twice();
        Some((case.name.clone(), outcome))
    });
    let (good, bad): (Vec<_>, Vec<_>) =
        outcomes.into_iter().flatten().partition(|(_, outcome)| outcome.is_ok());
    println!("{} templates expand, {} deploy twice", good.len() + bad.len(), good.len());
    let mut wrong: Vec<String> = Vec::new();
    for (name, outcome) in &bad {
        let why = outcome.as_ref().unwrap_err();
        match EXCEPTIONS.iter().find(|(exception, _)| exception == name) {
            Some((_, reason)) => println!("{name}: {reason}: {why}"),
            None => wrong.push(format!("{name}: {why}")),
        }
    }
    for (name, _) in EXCEPTIONS {
        let still = bad.iter().any(|(bad, _)| bad == name);
        if !still {
            wrong.push(format!("{name} deploys: it is no exception any more"));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(good.len() >= FLOOR, "{} deploy twice, {FLOOR} did before", good.len());
}

/// Does something for all, as many at once as the machine allows, and gives the results in order.
fn all<T: Sync, R: Send>(items: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (next, done) = (Mutex::new(0), Mutex::new(BTreeMap::new()));
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let at = {
                        let mut next = next.lock().unwrap();
                        *next += 1;
                        *next - 1
                    };
                    let Some(item) = items.get(at) else { return };
                    let result = act(item);
                    done.lock().unwrap().insert(at, result);
                }
            });
        }
    });
    done.into_inner().unwrap().into_values().collect()
}
