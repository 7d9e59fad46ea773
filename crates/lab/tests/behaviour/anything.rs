//! Whatever is asked of the aliases in whatever order, with regions coming and going: the lab stays a possible world.

use lifeboat_arm::Method;
use lifeboat_lab::{Health, Plane};
use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};
use proptest::{prop_assert, prop_assert_eq};
use serde_json::{Value, json};

use crate::bench::{Bench, Look as _, NORTH, WEST, alias, partner};

#[derive(Debug, Clone)]
enum Act {
    Pair(usize, usize),
    Break(usize),
    FailOver(usize, bool),
    Remove(usize),
    Queue(usize, u8),
    Empty(usize, u8),
    Health(bool, bool),
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let one = 0..3_usize;
    prop_oneof![
        3 => (one.clone(), one.clone()).prop_map(|(from, to)| Act::Pair(from, to)),
        2 => one.clone().prop_map(Act::Break),
        3 => (one.clone(), any::<bool>()).prop_map(|(at, safe)| Act::FailOver(at, safe)),
        1 => one.clone().prop_map(Act::Remove),
        1 => (one.clone(), 0..3_u8).prop_map(|(at, queue)| Act::Queue(at, queue)),
        2 => (one, 0..3_u8).prop_map(|(at, queue)| Act::Empty(at, queue)),
        2 => (any::<bool>(), any::<bool>()).prop_map(|(west, up)| Act::Health(west, up)),
        5 => (1..400_i64).prop_map(Act::Wait),
    ]
}

proptest! {
    /// Proves: F13, F15, F20, S22. At most one namespace holds the alias once everybody has heard; the roles mirror each
    /// other; the name leads to the holder.
    #[test]
    fn an_alias_has_one_holder(acts in prop::collection::vec(act(), 1..60)) {
        let mut bench = Bench::new();
        let all = [
            bench.bus("weu", "orders-weu", WEST),
            bench.bus("neu", "orders-neu", NORTH),
            bench.bus("weu", "orders-weu2", WEST),
        ];
        for act in acts {
            // Whatever is answered is right as long as it is an answer that Azure could give.
            let status = match act {
                Act::Pair(from, to) => bench.put(&alias(&all[from]), partner(&all[to])).status,
                Act::Break(at) => bench.post(&format!("{}/breakPairing", alias(&all[at]))).status,
                Act::FailOver(at, safe) => {
                    let body = json!({ "properties": { "IsSafeFailover": safe } });
                    bench.send(Method::Post, &format!("{}/failover", alias(&all[at])), Some(body)).status
                }
                Act::Remove(at) => bench.delete(&alias(&all[at])).status,
                Act::Queue(at, queue) => bench.put(&format!("{}/queues/q{queue}", all[at]), json!({})).status,
                Act::Empty(at, queue) => bench.delete(&format!("{}/queues/q{queue}", all[at])).status,
                Act::Health(west, up) => {
                    let health = if up { Health::Up } else { Health::Down };
                    bench.health(if west { WEST } else { NORTH }, Plane::Control, health);
                    200
                }
                Act::Wait(seconds) => {
                    bench.wait(seconds);
                    200
                }
            };
            prop_assert!([200, 201, 204, 400, 404, 409, 429, 503].contains(&status), "{}", status);
        }
        for region in [WEST, NORTH] {
            bench.health(region, Plane::Control, Health::Up);
        }
        bench.wait(3600);
        let mut seen: Vec<(String, Value)> = Vec::new();
        for namespace in &all {
            let answer = bench.get(&alias(namespace));
            if answer.status == 200 {
                prop_assert_eq!(answer.state(), "Succeeded");
                prop_assert_eq!(answer.property("pendingReplicationOperationsCount"), json!(0));
                seen.push((namespace.clone(), answer.body["properties"].clone()));
            }
        }
        let holders: Vec<_> = seen.iter().filter(|(_, own)| own["role"] != "Secondary").collect();
        prop_assert!(holders.len() <= 1, "{:#?}", seen);
        let Some((holder, own)) = holders.first() else {
            prop_assert!(seen.is_empty(), "{:#?}", seen);
            return Ok(());
        };
        let secondary = seen.iter().find(|(_, own)| own["role"] == "Secondary");
        if let Some((namespace, mirrored)) = secondary {
            prop_assert_eq!(&own["partnerNamespace"], &json!(namespace));
            prop_assert_eq!(&mirrored["partnerNamespace"], &json!(holder));
            let queues = |bench: &mut Bench, of: &str| {
                let listed = bench.get(&format!("{of}/queues")).body["value"].clone();
                listed.as_array().unwrap().iter().map(|one| one["name"].to_string()).collect::<Vec<_>>()
            };
            prop_assert_eq!(queues(&mut bench, holder), queues(&mut bench, namespace));
        } else {
            prop_assert_eq!(&own["role"], &json!("PrimaryNotReplicating"));
        }
        let leads = bench.lab.resolve(bench.now, "orders-bus.servicebus.windows.net");
        let host = format!("{}.servicebus.windows.net", holder.rsplit('/').next().unwrap());
        prop_assert_eq!(leads.chain.first(), Some(&lifeboat_lab::DnsRecord::Cname(host)));
    }
}
