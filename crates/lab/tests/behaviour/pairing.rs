//! The alias: roles, states, replication, failover, and what each namespace believes.

use lifeboat_lab::{DnsRecord, Effect, Fault, FaultMatch, Health, Message, Plane, Session};
use serde_json::{Value, json};

use crate::bench::{Bench, Look as _, NORTH, WEST, alias, partner};

const ALIAS_HOST: &str = "orders-bus.servicebus.windows.net";

fn standing(effect: Effect) -> Fault {
    Fault { at: FaultMatch::default(), effect, times: None, from: None, until: None, per_mille: None }
}

fn role(bench: &mut Bench, namespace: &str) -> (String, String, Value) {
    let answer = bench.get(&alias(namespace)).expect_status(200);
    let role = answer.property("role").as_str().unwrap_or_default().to_owned();
    (role, answer.state(), answer.property("pendingReplicationOperationsCount"))
}

fn leads_to(bench: &mut Bench, namespace: &str) -> bool {
    let answer = bench.lab.resolve(bench.now, ALIAS_HOST);
    answer.chain.first() == Some(&DnsRecord::Cname(format!("{namespace}.servicebus.windows.net")))
}

/// Proves: S22, P1a. Accepted → Succeeded, mirrored roles, no operation URL.
#[test]
fn a_pair_is_accepted_at_once_and_ready_later() {
    let mut bench = Bench::new();
    let primary = bench.bus("weu", "orders-weu", WEST);
    let secondary = bench.bus("neu", "orders-neu", NORTH);
    bench.put(&format!("{primary}/queues/q"), json!({})).expect_status(200);
    let accepted = bench.put(&alias(&primary), partner(&secondary)).expect_status(201);
    assert_eq!((accepted.state(), accepted.property("role")), ("Accepted".into(), json!("Primary")));
    assert_eq!(accepted.header("azure-asyncoperation"), None);
    assert_eq!(role(&mut bench, &secondary).0, "Secondary");
    bench.wait(120);
    assert_eq!(role(&mut bench, &primary), ("Primary".into(), "Succeeded".into(), json!(0)));
    let mirrored = bench.get(&alias(&secondary));
    assert_eq!(mirrored.property("partnerNamespace"), json!(primary));
    assert_eq!(mirrored.property("role"), json!("Secondary"));
    bench.get(&format!("{secondary}/queues/q")).expect_status(200);
    // Adopting the pair that is there changes nothing (P1b).
    bench.put(&alias(&primary), partner(&secondary)).expect_status(200);
    assert_eq!(role(&mut bench, &primary).1, "Succeeded");
}

/// Each service's durations are a section of the lab's, and may be replaced one by one.
#[test]
fn a_lab_is_as_slow_as_it_is_told() {
    let mut told = serde_json::to_value(crate::bench::settings()).unwrap();
    let hour = json!({ "least": "PT1H", "most": "PT1H" });
    told["timing"]["serviceBus"]["pairSetup"] = hour.clone();
    told["timing"]["anyResource"]["create"] = hour;
    let mut bench = Bench::with(serde_json::from_value(told).unwrap());
    let vault = format!("{}/providers/Microsoft.KeyVault/vaults/slow", crate::bench::group("weu"));
    bench.put(&vault, json!({ "location": WEST })).expect_status(201);
    let (primary, _) = bench.pair(0);
    for (seconds, state) in [(3000, "Accepted"), (600, "Succeeded")] {
        bench.wait(seconds);
        assert_eq!(role(&mut bench, &primary).1, state);
        assert_eq!(bench.get(&vault).state() == "Succeeded", state == "Succeeded");
    }
}

/// Proves: S22, D07. 50 to 100 entities a minute: 500 are not there at once.
#[test]
fn many_entities_take_minutes_to_cross() {
    let mut bench = Bench::new();
    let primary = bench.bus("weu", "orders-weu", WEST);
    let secondary = bench.bus("neu", "orders-neu", NORTH);
    for at in 0..500 {
        bench.put(&format!("{primary}/queues/q{at}"), json!({})).expect_status(200);
        bench.wait(1);
    }
    bench.put(&alias(&primary), partner(&secondary)).expect_status(201);
    bench.wait(180);
    let (_, state, pending) = role(&mut bench, &primary);
    assert_eq!(state, "Succeeded", "ready is not the same as copied");
    let pending = pending.as_u64().unwrap();
    assert!((200..=351).contains(&pending), "{pending}");
    bench.wait(7 * 60 + 5);
    assert_eq!(role(&mut bench, &primary).2, json!(0));
    let on_page = |bench: &mut Bench, from: usize| {
        let page = bench.get(&format!("{secondary}/queues?$skiptoken={from}"));
        page.body["value"].as_array().unwrap().len()
    };
    assert_eq!(
        [0, 100, 200, 300, 400, 500].map(|from| on_page(&mut bench, from)),
        [100, 100, 100, 100, 100, 0]
    );
    // A change afterwards crosses too, and so does a removal.
    bench.put(&format!("{primary}/queues/late"), json!({})).expect_status(200);
    assert_eq!(role(&mut bench, &primary).2, json!(1));
    bench.delete(&format!("{primary}/queues/q7")).expect_status(200);
    bench.wait(5);
    bench.get(&format!("{secondary}/queues/late")).expect_status(200);
    bench.get(&format!("{secondary}/queues/q7")).expect_status(404);
}

/// Proves: P1a, S22, S25, D02. The whole flow, with the alias string and the name of the alias before and after.
#[test]
fn a_failover_moves_the_alias_and_ends_the_pair() {
    let mut bench = Bench::new();
    let (primary, secondary) = bench.pair(2);
    let keys = |bench: &mut Bench, namespace: &str| {
        let rule = format!("{}/authorizationRules/RootManageSharedAccessKey/listKeys", alias(namespace));
        bench.post(&rule).expect_status(200).body["aliasPrimaryConnectionString"].clone()
    };
    let before = keys(&mut bench, &primary);
    assert!(before.as_str().unwrap().starts_with("Endpoint=sb://orders-bus.servicebus.windows.net/;"));
    assert!(leads_to(&mut bench, "orders-weu"));

    bench.post(&format!("{}/failover", alias(&secondary))).expect_status(200);
    assert_eq!(role(&mut bench, &secondary).1, "Accepted");
    bench.wait(180);
    assert_eq!(role(&mut bench, &secondary), ("PrimaryNotReplicating".into(), "Succeeded".into(), json!(0)));
    assert_eq!(bench.get(&alias(&secondary)).property("partnerNamespace"), json!(""));
    bench.get(&alias(&primary)).expect_status(404);
    assert!(leads_to(&mut bench, "orders-neu"));
    assert_eq!(keys(&mut bench, &secondary), before, "S25: the same string on both sides");

    // Fail-forward only: the old primary is not empty and is refused; a fresh one is taken.
    bench.put(&alias(&secondary), partner(&primary)).expect_status(400);
    let fresh = bench.bus("weu", "orders-weu2", WEST);
    bench.put(&alias(&secondary), partner(&fresh)).expect_status(200);
    bench.wait(180);
    assert_eq!(role(&mut bench, &secondary).0, "Primary");
}

/// Proves: S21, D06. Metadata is there, messages are not; they wait in the old primary.
#[test]
fn messages_stay_behind() {
    let mut bench = Bench::new();
    let (_, secondary) = bench.pair(1);
    for id in 0..100_u64 {
        bench.lab.service_bus_mut(bench.now).send(ALIAS_HOST, "q0", Message::new(id)).unwrap();
    }
    bench.post(&format!("{}/failover", alias(&secondary))).expect_status(200);
    bench.wait(180);
    assert_eq!(bench.lab.service_bus_mut(bench.now).receive(ALIAS_HOST, "q0", Session::Any), Ok(None));
    assert_eq!(bench.lab.service_bus().counts("orders-weu", "q0").unwrap().active, 100);
    let own = "orders-weu.servicebus.windows.net";
    assert!(bench.lab.service_bus_mut(bench.now).receive(own, "q0", Session::Any).unwrap().is_some());
}

/// Proves: D03. Safe waits for what is pending; forced loses it.
#[test]
fn a_safe_failover_waits_and_a_forced_one_loses() {
    for (safe, arrives) in [(true, 200), (false, 404)] {
        let mut bench = Bench::new();
        let (primary, secondary) = bench.pair(1);
        bench.lab.inject(Fault {
            until: Some(bench.now + jiff::SignedDuration::from_secs(600)),
            ..standing(Effect::ReplicationStalled)
        });
        bench.put(&format!("{primary}/queues/late"), json!({})).expect_status(200);
        let body = json!({ "properties": { "IsSafeFailover": safe } });
        bench
            .send(lifeboat_arm::Method::Post, &format!("{}/failover", alias(&secondary)), Some(body))
            .expect_status(200);
        bench.wait(300);
        let expected = if safe { "Secondary" } else { "PrimaryNotReplicating" };
        assert_eq!(role(&mut bench, &secondary).0, expected, "safe: {safe}");
        bench.wait(600);
        assert_eq!(role(&mut bench, &secondary).0, "PrimaryNotReplicating");
        bench.get(&format!("{secondary}/queues/late")).expect_status(arrives);
    }
}

/// Proves: F31. A safe failover that cannot come to its end can be followed by a forced one.
#[test]
fn a_forced_failover_overtakes_a_waiting_safe_one() {
    let mut bench = Bench::new();
    let (_, secondary) = bench.pair(1);
    bench.health(WEST, Plane::Control, Health::Down);
    let body = json!({ "properties": { "IsSafeFailover": true } });
    let path = format!("{}/failover", alias(&secondary));
    bench.send(lifeboat_arm::Method::Post, &path, Some(body)).expect_status(200);
    bench.wait(3600);
    assert_eq!(role(&mut bench, &secondary).0, "Secondary");
    bench.post(&path).expect_status(200);
    bench.wait(180);
    assert_eq!(role(&mut bench, &secondary).0, "PrimaryNotReplicating");
}

/// Proves: F13, F15, F20. A region that comes back shows what it knew before it went, for a while.
#[test]
fn a_returned_region_is_stale_for_minutes() {
    let mut bench = Bench::new();
    let (primary, secondary) = bench.pair(1);
    bench.health(WEST, Plane::Control, Health::Down);
    bench.get(&alias(&primary)).expect_status(503);
    bench.post(&format!("{}/failover", alias(&secondary))).expect_status(200);
    bench.wait(600);
    assert_eq!(role(&mut bench, &secondary).0, "PrimaryNotReplicating");
    bench.health(WEST, Plane::Control, Health::Up);
    bench.wait(60);
    assert_eq!(role(&mut bench, &primary).0, "Primary", "it has not heard yet");
    assert_eq!(bench.get(&alias(&primary)).property("partnerNamespace"), json!(secondary));
    bench.wait(300);
    bench.get(&alias(&primary)).expect_status(404);
}

/// Proves: S22, F20. Break: the alias stays with the primary, the secondary keeps its copies and thaws.
#[test]
fn breaking_leaves_the_alias_with_the_primary() {
    let mut bench = Bench::new();
    let (primary, secondary) = bench.pair(1);
    bench.post(&format!("{}/breakPairing", alias(&primary))).expect_status(200);
    assert_eq!(role(&mut bench, &primary).0, "PrimaryNotReplicating");
    bench.wait(120);
    assert_eq!(role(&mut bench, &primary).1, "Succeeded");
    bench.get(&alias(&secondary)).expect_status(404);
    bench.get(&format!("{secondary}/queues/q0")).expect_status(200);
    bench.put(&format!("{secondary}/queues/own"), json!({})).expect_status(200);
    assert!(leads_to(&mut bench, "orders-weu"));
}

/// Proves: P1b. DELETE: gone after a while, its name free only after another.
#[test]
fn a_deleted_alias_frees_its_name_late() {
    let mut bench = Bench::new();
    let (primary, _) = bench.pair(1);
    bench.post(&format!("{}/breakPairing", alias(&primary))).expect_status(200);
    bench.wait(120);
    bench.delete(&alias(&primary)).expect_status(200);
    bench.get(&alias(&primary)).expect_status(200);
    let check = format!("{primary}/disasterRecoveryConfigs/CheckNameAvailability");
    let reason = |bench: &mut Bench| {
        let answer = bench.send(lifeboat_arm::Method::Post, &check, Some(json!({ "name": "orders-bus" })));
        answer.body["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(reason(&mut bench), "NameInUse");
    bench.wait(100);
    bench.get(&alias(&primary)).expect_status(404);
    bench.delete(&alias(&primary)).expect_status(204);
    assert_eq!(reason(&mut bench), "NameInLockdown");
    bench.wait(150);
    assert_eq!(reason(&mut bench), "None");
}

/// Proves: D04. The alias takes the namespace's own name; the namespace goes by its alternate name.
#[test]
fn an_alias_may_take_the_name_of_its_namespace() {
    let mut bench = Bench::new();
    let primary = bench.bus("weu", "orders-bus", WEST);
    let secondary = bench.bus("neu", "orders-neu", NORTH);
    let body = json!({ "properties": { "partnerNamespace": secondary, "alternateName": "orders-old" } });
    bench.put(&alias(&primary), body).expect_status(201);
    bench.wait(120);
    assert!(leads_to(&mut bench, "orders-old"));
    bench.post(&format!("{}/failover", alias(&secondary))).expect_status(200);
    bench.wait(180);
    assert!(leads_to(&mut bench, "orders-neu"));
}

/// Proves: D05. Copies that nobody used are idle since they were copied.
#[test]
fn idle_entities_vanish_after_the_failover() {
    let mut bench = Bench::new();
    let primary = bench.bus("weu", "orders-weu", WEST);
    let secondary = bench.bus("neu", "orders-neu", NORTH);
    let idle = json!({ "properties": { "autoDeleteOnIdle": "PT10M" } });
    bench.put(&format!("{primary}/queues/brief"), idle).expect_status(200);
    bench.put(&format!("{primary}/queues/kept"), json!({})).expect_status(200);
    bench.put(&alias(&primary), partner(&secondary)).expect_status(201);
    for _ in 0..30 {
        bench.wait(60);
        bench
            .lab
            .service_bus_mut(bench.now)
            .send("orders-weu.servicebus.windows.net", "brief", Message::new(1))
            .unwrap();
    }
    bench.get(&format!("{secondary}/queues/brief")).expect_status(200);
    bench.post(&format!("{}/failover", alias(&secondary))).expect_status(200);
    bench.wait(240);
    bench.get(&format!("{secondary}/queues/brief")).expect_status(404);
    bench.get(&format!("{secondary}/queues/kept")).expect_status(200);
    bench.get(&format!("{primary}/queues/brief")).expect_status(200);
}

/// Proves: D05. An update, a scheduled message and forwarding are use; to be looked at in a list is none. A time that is
/// set later counts as well.
#[test]
fn what_is_updated_scheduled_or_forwarded_is_not_idle() {
    let mut bench = Bench::new();
    let bus = bench.bus("weu", "orders-weu", WEST);
    let queue = |name: &str| format!("{bus}/queues/{name}");
    let idle = || json!({ "properties": { "autoDeleteOnIdle": "PT10M" } });
    bench.put(&queue("kept"), json!({})).expect_status(200);
    for name in ["updated", "scheduled", "left"] {
        bench.put(&queue(name), idle()).expect_status(200);
    }
    let forwards = json!({ "properties": { "autoDeleteOnIdle": "PT10M", "forwardTo": "kept" } });
    bench.put(&queue("forwards"), forwards).expect_status(200);
    bench.schedule("scheduled", 1, 30 * 60);
    for _ in 0..5 {
        bench.wait(240);
        bench.put(&queue("updated"), idle()).expect_status(200);
        bench.get(&format!("{bus}/queues")).expect_status(200);
    }
    for (name, status) in [("updated", 200), ("scheduled", 200), ("forwards", 200), ("left", 404)] {
        bench.get(&queue(name)).expect_status(status);
    }
    // What was scheduled is due, and nobody takes it: gone with the queue.
    bench.wait(45 * 60);
    bench.get(&queue("scheduled")).expect_status(404);
    bench.put(&queue("kept"), idle()).expect_status(200);
    bench.wait(15 * 60);
    bench.get(&queue("kept")).expect_status(404);
}

/// Proves: D01. What the alias does not carry.
#[test]
fn network_rules_role_assignments_and_settings_do_not_cross() {
    let mut bench = Bench::new();
    let (primary, secondary) = bench.pair(1);
    let rules = json!({ "properties": { "defaultAction": "Deny", "ipRules": [{ "ipMask": "1.1.1.1" }] } });
    bench.put(&format!("{primary}/networkRuleSets/default"), rules).expect_status(200);
    let role = "providers/Microsoft.Authorization/roleAssignments/r1";
    bench
        .put(&format!("{primary}/{role}"), json!({ "properties": { "principalId": "p" } }))
        .expect_status(201);
    bench.patch(&primary, json!({ "properties": { "disableLocalAuth": true } })).expect_status(200);
    bench.wait(120);
    assert_eq!(
        bench.get(&format!("{secondary}/networkRuleSets/default")).property("defaultAction"),
        json!("Allow")
    );
    bench.get(&format!("{secondary}/{role}")).expect_status(404);
    assert_eq!(bench.get(&secondary).property("disableLocalAuth"), json!(false));
    // … and the remedies work while paired.
    bench
        .put(&format!("{secondary}/{role}"), json!({ "properties": { "principalId": "p" } }))
        .expect_status(201);
    let rules = json!({ "properties": { "defaultAction": "Deny" } });
    bench.put(&format!("{secondary}/networkRuleSets/default"), rules).expect_status(200);
}

/// Proves: F20. Replication that never ends.
#[test]
fn stuck_replication_never_gets_to_zero() {
    let mut bench = Bench::new();
    let primary = bench.bus("weu", "orders-weu", WEST);
    let secondary = bench.bus("neu", "orders-neu", NORTH);
    bench.put(&format!("{primary}/queues/q"), json!({})).expect_status(200);
    bench.lab.inject(standing(Effect::ReplicationStalled));
    bench.put(&alias(&primary), partner(&secondary)).expect_status(201);
    bench.wait(24 * 3600);
    assert_eq!(role(&mut bench, &primary), ("Primary".into(), "Succeeded".into(), json!(2)));
    bench.lab.clear_faults();
    bench.wait(60);
    assert_eq!(role(&mut bench, &primary).2, json!(0));
}

/// Proves: S25. The name servers may lag behind the alias.
#[test]
fn dns_lags_behind_the_failover() {
    let mut bench = Bench::new();
    let (_, secondary) = bench.pair(1);
    bench.lab.inject(standing(Effect::DnsLag(jiff::SignedDuration::from_secs(900))));
    bench.post(&format!("{}/failover", alias(&secondary))).expect_status(200);
    bench.wait(300);
    assert_eq!(role(&mut bench, &secondary).0, "PrimaryNotReplicating");
    assert!(leads_to(&mut bench, "orders-weu"), "DNS still leads to the old holder");
    bench.wait(900);
    assert!(leads_to(&mut bench, "orders-neu"));
}

/// Proves: S21. What was copied is as good as what was created: it can be built upon after the failover.
#[test]
fn copies_can_be_built_upon() {
    let mut bench = Bench::new();
    let primary = bench.bus("weu", "orders-weu", WEST);
    let secondary = bench.bus("neu", "orders-neu", NORTH);
    bench.put(&format!("{primary}/topics/events"), json!({})).expect_status(200);
    bench.put(&format!("{primary}/topics/events/subscriptions/a"), json!({})).expect_status(200);
    bench.put(&alias(&primary), partner(&secondary)).expect_status(201);
    bench.wait(120);
    bench.put(&format!("{secondary}/topics/events/subscriptions/b"), json!({})).expect_status(400);
    bench.post(&format!("{}/failover", alias(&secondary))).expect_status(200);
    bench.wait(180);
    bench.put(&format!("{secondary}/topics/events/subscriptions/b"), json!({})).expect_status(200);
    bench.lab.service_bus_mut(bench.now).send(ALIAS_HOST, "events", Message::new(1)).unwrap();
    for path in ["events/subscriptions/a", "events/subscriptions/b"] {
        assert_eq!(bench.lab.service_bus().counts("orders-neu", path).unwrap().active, 1);
    }
    bench.delete(&format!("{secondary}/topics/events")).expect_status(200);
    bench.get(&format!("{secondary}/topics/events/subscriptions/a")).expect_status(404);
}

/// Proves: F15. The old primary's automation cannot take anything back, whatever its region believes.
#[test]
fn a_stale_primary_can_do_nothing_with_the_alias() {
    let mut bench = Bench::new();
    let (primary, secondary) = bench.pair(0);
    bench.health(WEST, Plane::Control, Health::Down);
    bench.post(&format!("{}/failover", alias(&secondary))).expect_status(200);
    bench.wait(300);
    bench.health(WEST, Plane::Control, Health::Up);
    assert_eq!(role(&mut bench, &primary).0, "Primary");
    bench.put(&alias(&primary), partner(&secondary)).expect_status(400);
    bench.post(&format!("{}/breakPairing", alias(&primary))).expect_status(400);
    bench.post(&format!("{}/failover", alias(&primary))).expect_status(400);
    bench.delete(&alias(&primary)).expect_status(400);
    assert_eq!(role(&mut bench, &secondary).0, "PrimaryNotReplicating");
}

/// Proves: D04. A migrated namespace answers under the old name and is paired under it.
#[test]
fn a_migrated_namespace_is_paired_under_its_old_name() {
    let mut bench = Bench::new();
    let (standard, premium) = migrated(&mut bench);
    assert_eq!(
        bench.get(&format!("{premium}/queues/q")).expect_status(200).property("status"),
        json!("Active")
    );
    bench.lab.service_bus_mut(bench.now).send(ALIAS_HOST, "q", Message::new(1)).unwrap();
    assert_eq!(bench.lab.service_bus().counts("orders-premium", "q").unwrap().active, 1);
    assert_eq!(
        bench.get(&standard).property("serviceBusEndpoint"),
        json!("https://orders-std.servicebus.windows.net:443/")
    );
    let secondary = bench.bus("neu", "orders-neu", NORTH);
    bench.put(&alias(&premium), partner(&secondary)).expect_status(201);
    bench.wait(120);
    bench.post(&format!("{}/failover", alias(&secondary))).expect_status(200);
    bench.wait(180);
    assert!(leads_to(&mut bench, "orders-neu"));
}

/// A Standard namespace `orders-bus` migrated to `orders-premium`.
pub(crate) fn migrated(bench: &mut Bench) -> (String, String) {
    let standard = crate::bench::namespace("weu", "orders-bus");
    bench.put(&standard, json!({ "location": WEST, "sku": { "name": "Standard" } })).expect_status(201);
    let premium = bench.bus("weu", "orders-premium", WEST);
    bench.put(&format!("{standard}/queues/q"), json!({})).expect_status(200);
    let migration = format!("{standard}/migrationConfigurations/$default");
    let body = json!({ "properties": { "targetNamespace": premium, "postMigrationName": "orders-std" } });
    assert_eq!(
        bench.put(&migration, body).expect_status(201).property("migrationState"),
        json!("Initiating")
    );
    bench.wait(120);
    assert_eq!(bench.get(&migration).property("migrationState"), json!("Active"));
    bench.post(&format!("{migration}/upgrade")).expect_status(200);
    bench.wait(120);
    assert_eq!(bench.get(&migration).property("migrationState"), json!("Completed"));
    (standard, premium)
}
