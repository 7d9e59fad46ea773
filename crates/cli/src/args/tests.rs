use clap::CommandFactory as _;

use super::*;

#[test]
fn the_arguments_contradict_nothing() {
    Args::command().debug_assert();
}

#[test]
fn what_is_typed_arrives() {
    let typed = "lifeboat drill infra --parameters a.json --parameters b.json --set name=a=b --set env=test \
                 --primary westeurope --secondary northeurope --strict --report out --seed 7 --planned --output json";
    let Command::Drill(drill) = Args::try_parse_from(typed.split_whitespace()).unwrap().command else {
        panic!()
    };
    assert_eq!(drill.target.target, PathBuf::from("infra"));
    assert_eq!(drill.target.template.parameters, [PathBuf::from("a.json"), PathBuf::from("b.json")]);
    assert_eq!(drill.target.template.set[0], ("name".into(), "a=b".into()));
    assert_eq!(drill.target.template.secondary.as_deref(), Some("northeurope"));
    assert_eq!((drill.seed, drill.planned, drill.target.template.strict), (7, true, true));
    assert_eq!(drill.output, Output::Json);
}

#[test]
fn plans_and_rules_are_named() {
    let typed = "lifeboat plan failover . --requests --save p.json";
    let Command::Plan(plan) = Args::try_parse_from(typed.split_whitespace()).unwrap().command else {
        panic!()
    };
    assert_eq!(plan.kind, PlanKindArg::Failover);
    assert!(plan.requests && !plan.planned);
    let Command::Explain(explain) = Args::try_parse_from(["lifeboat", "explain", "SB-SKU"]).unwrap().command
    else {
        panic!()
    };
    assert_eq!(explain.rule, "SB-SKU");
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (typed, says) in [
        ("lifeboat drill", "TARGET"),
        ("lifeboat drill . --set name", "expected `name=value`"),
        ("lifeboat drill . --set =1", "expected `name=value`"),
        ("lifeboat drill . --planned --scenario s.yaml", "cannot be used with"),
        ("lifeboat plan sideways .", "possible values: prepare, failover, failback"),
        ("lifeboat assess . --output xml", "possible values: table, json"),
    ] {
        let error = Args::try_parse_from(typed.split_whitespace()).unwrap_err();
        assert!(error.to_string().contains(says), "{typed}: {error}");
        assert_eq!(error.exit_code(), 2);
    }
}

/// One snapshot per command: what people read first.
#[test]
fn the_help_reads_well() {
    let mut command = Args::command().term_width(100);
    command.build();
    insta::assert_snapshot!("help", command.render_long_help().to_string());
    for name in ["drill", "assess", "explain", "plan"] {
        let help = command.find_subcommand_mut(name).unwrap().clone().term_width(100).render_long_help();
        insta::assert_snapshot!(format!("help_{name}"), help.to_string());
    }
    let template = command.find_subcommand_mut("template").unwrap();
    for name in ["expand", "regions"] {
        let help = template.find_subcommand_mut(name).unwrap().clone().term_width(100).render_long_help();
        insta::assert_snapshot!(format!("help_template_{name}"), help.to_string());
    }
}
