//! What the ledger promises around a call, on both backends: it holds no more than is left, books the truth however the call
//! ends, and forgets nothing.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::net::SocketAddr;

use aether_boot::Budgets;
use aether_common::{
    clock::ManualClock,
    id::{GenerationId, UserId},
    model::{
        generation::{Kind, Usage},
        user::Role,
    },
};
use aether_generation::{
    domain::{cost::Model, tokens},
    ledger::{Ask, Ledger, Quotas, Reservation, ReserveError},
};
use aether_store::{
    Store, budgets,
    generations::{self, NewGeneration},
    usage::Limit,
};
use aether_testkit::{Backend, People, backends};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_util::task::TaskTracker;
use url::Url;

/// A dollar for a million tokens read, two for a million written: a token is one or two micro-dollars.
fn model() -> Model {
    Model {
        id: "m".into(),
        provider: "p".into(),
        context_tokens: None,
        max_output_tokens: None,
        input_micros_per_million: Some(1_000_000),
        output_micros_per_million: Some(2_000_000),
    }
}

fn free() -> Model {
    Model { input_micros_per_million: Some(0), output_micros_per_million: Some(0), ..model() }
}

fn used(input_tokens: u64, output_tokens: u64) -> Usage {
    Usage { input_tokens, output_tokens }
}

struct Desk {
    name: &'static str,
    ledger: Ledger,
    clock: ManualClock,
    backend: Backend,
    user: UserId,
    generation: GenerationId,
}

/// A ledger with these limits for each user, and somebody with a generation.
async fn desks(user: Limit) -> Vec<Desk> {
    let mut desks = Vec::new();
    for backend in backends([("METRICS_ADDR", "off")]).await {
        let clock = ManualClock::new(at("2026-11-21T12:00:00Z"));
        let backend = backend.with_clock(&clock);
        let budgets = Budgets { user, ..Budgets::default() };
        let ledger = Ledger::new(backend.deps.clone(), budgets);
        let user = People::new(&backend.deps).join("Ana").await.id;
        let generation = start(&backend, user).await;
        desks.push(Desk { name: backend.name, ledger, clock, backend, user, generation });
    }
    desks
}

async fn start(backend: &Backend, user_id: UserId) -> GenerationId {
    let id = backend.deps.ids.mint();
    let mut tx = backend.deps.store.begin().await.unwrap();
    let new = NewGeneration {
        id,
        user_id,
        kind: Kind::Api,
        title: "T",
        prompt: "p",
        language: None,
        model: None,
        parent_id: None,
        room_id: None,
        client_id: None,
        request_hash: None,
        payload: None,
        created_at: backend.deps.clock.now(),
    };
    generations::create(&mut tx, &new).await.unwrap();
    tx.save().await.unwrap();
    id
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(micros: i64) -> Limit {
    Limit { day: Some(micros), month: None }
}

impl Desk {
    async fn ask(&self, model: &Model, input: u64, output: u64) -> Result<Reservation, ReserveError> {
        self.ledger.reserve(&self.call(model, input, output)).await
    }

    fn call<'a>(&self, model: &'a Model, input_tokens: u64, max_output_tokens: u64) -> Ask<'a> {
        Ask {
            generation_id: self.generation,
            user_id: self.user,
            kind: Kind::Api,
            provider: "p",
            model,
            input_tokens,
            max_output_tokens,
        }
    }

    async fn own(&self) -> Quotas {
        self.ledger.quota(self.user).await.unwrap().unwrap().user
    }

    /// Spent and reserved today.
    async fn today(&self) -> (i64, i64) {
        let day = self.own().await.day;
        (day.spent, day.reserved)
    }
}

#[tokio::test]
async fn a_call_may_write_what_the_rest_of_the_budget_covers() {
    for desk in desks(day(1_000)).await {
        let first = desk.ask(&model(), 100, 200).await.unwrap();
        assert_eq!(first.max_output_tokens, Some(200), "{}", desk.name);
        assert_eq!(desk.today().await, (0, 500));
        // It would not fit while the first one holds its part, and will when that is settled: nobody is cut short for it.
        let waits = desk.ask(&model(), 100, 10_000).await;
        assert!(matches!(waits, Err(ReserveError::Busy)), "{}: {waits:?}", desk.name);
        desk.ledger.check(desk.user).await.unwrap();
        assert_eq!(desk.ledger.settle(first, used(90, 10)).await.unwrap(), 110);
        assert_eq!(desk.today().await, (110, 0));
        // Now nobody holds anything: the last of the money is given in part.
        let second = desk.ask(&model(), 100, 10_000).await.unwrap();
        let most = second.max_output_tokens;
        assert_eq!(most, Some(395), "{}: 890 are left, 100 are for what is read", desk.name);
        assert_eq!(desk.ledger.settle(second, used(0, 0)).await.unwrap(), 0);
        // 890 are left: 763 read and 63 written would fit, but an answer has 64.
        assert!(matches!(desk.ask(&model(), 763, 1_000).await, Err(ReserveError::Spent)));
        let last = desk.ask(&model(), 762, 1_000).await.unwrap();
        assert_eq!(last.max_output_tokens, Some(64));
        assert!(matches!(desk.ask(&model(), 1, 1).await, Err(ReserveError::Busy)), "{}", desk.name);
        assert_eq!(desk.ledger.settle(last, used(762, 64)).await.unwrap(), 890);
        assert!(matches!(desk.ask(&model(), 1, 1).await, Err(ReserveError::Spent)), "{}", desk.name);
        let problem = desk.ledger.check(desk.user).await.unwrap_err();
        assert_eq!((problem.status, &*problem.code), (429, "budget_exceeded"));
        assert!(problem.retry_after.unwrap().as_secs() > 60, "till the day ends");
    }
}

#[tokio::test]
async fn a_short_answer_needs_only_its_own_price() {
    for desk in desks(day(20)).await {
        assert_eq!(desk.ask(&model(), 10, 5).await.unwrap().max_output_tokens, Some(5), "{}", desk.name);
        assert_eq!(desk.today().await, (0, 20));
    }
}

#[tokio::test]
async fn without_a_limit_or_a_price_nothing_is_refused_or_held() {
    for desk in desks(Limit::default()).await {
        let call = desk.ask(&model(), 1_000_000, 1_000_000).await.unwrap();
        assert_eq!(call.max_output_tokens, None, "{}", desk.name);
        assert_eq!(desk.ledger.settle(call, used(3, 4)).await.unwrap(), 11);
        assert_eq!(desk.today().await, (11, 0));
    }
    for desk in desks(day(0)).await {
        assert!(matches!(desk.ask(&model(), 1, 1).await, Err(ReserveError::Spent)), "{}", desk.name);
        let unknown = Model { input_micros_per_million: None, ..free() };
        assert!(matches!(desk.ask(&unknown, 1, 1).await, Err(ReserveError::Unpriced)), "{}", desk.name);
        let call = desk.ask(&free(), 1_000_000, 1_000_000).await.unwrap();
        assert_eq!(call.max_output_tokens, None);
        assert_eq!(desk.ledger.settle(call, used(3, 4)).await.unwrap(), 0);
        assert_eq!(desk.today().await, (0, 0));
    }
}

#[tokio::test]
async fn a_spent_budget_comes_back_when_its_period_ends() {
    let limit = Limit { day: Some(100), month: Some(150) };
    for desk in desks(limit).await {
        desk.clock.advance(at("2026-11-29T23:59:50Z") - at("2026-11-21T12:00:00Z"));
        let call = desk.ask(&model(), 100, 0).await.unwrap();
        desk.clock.advance(TimeDelta::seconds(5));
        assert_eq!(desk.ledger.settle(call, used(100, 0)).await.unwrap(), 100);
        let problem = desk.ledger.check(desk.user).await.unwrap_err();
        assert_eq!(problem.retry_after.unwrap().as_secs(), 5, "{}: until midnight", desk.name);
        assert_eq!(desk.own().await.day.resets_at, at("2026-11-30T00:00:00Z"));

        desk.clock.advance(TimeDelta::seconds(5));
        desk.ledger.check(desk.user).await.unwrap();
        assert_eq!(desk.today().await, (0, 0));
        let call = desk.ask(&model(), 50, 0).await.unwrap();
        // What the provider says is booked, also when it is more than was held.
        assert_eq!(desk.ledger.settle(call, used(50, 10)).await.unwrap(), 70);
        let own = desk.own().await;
        assert_eq!((own.day.spent, own.month.spent, own.month.left()), (70, 170, Some(0)));
        let problem = desk.ledger.check(desk.user).await.unwrap_err();
        assert_eq!(problem.retry_after.unwrap().as_secs(), 24 * 3600, "{}: until the month ends", desk.name);
        desk.clock.advance(TimeDelta::days(1));
        desk.ledger.check(desk.user).await.unwrap();
        assert_eq!(desk.own().await.month.spent, 0);
    }
}

#[tokio::test]
async fn an_administrator_allows_one_user_something_else() {
    for desk in desks(Limit { day: Some(100), month: Some(500) }).await {
        let mut db = desk.backend.deps.store.conn().await.unwrap();
        let now = desk.backend.deps.clock.now();
        budgets::set(&mut db, desk.user, day(1_000), now).await.unwrap();
        let own = desk.own().await;
        assert_eq!((own.day.limit, own.month.limit), (Some(1_000), Some(500)), "{}", desk.name);
        assert!(matches!(desk.ask(&model(), 501, 0).await, Err(ReserveError::Spent)));
        assert!(desk.ask(&model(), 500, 0).await.is_ok());
    }
}

#[tokio::test]
async fn users_share_what_their_role_and_the_installation_may_spend() {
    for desk in desks(Limit::default()).await {
        let people = People::new(&desk.backend.deps);
        let limits = Budgets { role_user: day(1_000), installation: day(1_500), ..Budgets::default() };
        let ledger = Ledger::new(desk.backend.deps.clone(), limits);
        let mut spent = Vec::new();
        for (role, output) in [(Role::User, 400), (Role::User, 400), (Role::Admin, 400)] {
            let user = people.join_as("Ben", role).await.id;
            let ask = Ask {
                generation_id: start(&desk.backend, user).await,
                user_id: user,
                kind: Kind::Ui,
                provider: "p",
                model: &model(),
                input_tokens: 0,
                max_output_tokens: output,
            };
            let call = ledger.reserve(&ask).await.unwrap();
            let most = call.max_output_tokens.unwrap();
            ledger.settle(call, used(0, most)).await.unwrap();
            spent.push(most);
        }
        assert_eq!(spent, [400, 100, 250], "{}", desk.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_at_once_spend_the_budget_and_no_more() {
    for desk in desks(day(10_000)).await {
        // A second process has connections of its own.
        let mut deps = desk.backend.deps.clone();
        deps.store = Store::connect(&desk.backend.database.url).await.unwrap();
        let other = Ledger::new(deps, *desk.ledger.budgets());
        let model = model();
        let calls = (0..200_u64).map(|number| {
            let ledger = if number % 2 == 0 { &desk.ledger } else { &other };
            let ask = desk.call(&model, 50, 100);
            async move {
                let call = loop {
                    match ledger.reserve(&ask).await {
                        Ok(call) => break call,
                        Err(ReserveError::Busy) => ledger.wait_for_settlement().await,
                        Err(_) => return 0,
                    }
                };
                let output = call.max_output_tokens.unwrap();
                assert!((64..=100).contains(&output));
                ledger.settle(call, used(50, output - number % 7)).await.unwrap()
            }
        });
        let spent: i64 = join_all(calls).await.into_iter().sum();
        assert!((1..=10_000).contains(&spent), "{}: {spent}", desk.name);
        assert_eq!(desk.today().await, (spent, 0), "{}", desk.name);
    }
}

#[tokio::test]
async fn what_a_lost_worker_left_is_settled_at_the_text_or_in_full() {
    let text = "fn main() { println!(\"Hello\"); }\n".repeat(20);
    for desk in desks(day(100_000)).await {
        let _lost = desk.ask(&model(), 100, 1_000).await.unwrap();
        desk.ledger.settle_lost(desk.generation, Some(&text)).await.unwrap();
        let cost = 100 + 2 * i64::try_from(tokens::count(&text)).unwrap();
        assert_eq!(desk.today().await, (cost, 0), "{}", desk.name);
        desk.ledger.settle_lost(desk.generation, Some(&text)).await.unwrap();
        assert_eq!(desk.today().await, (cost, 0), "{}: once", desk.name);

        let late = desk.ask(&model(), 100, 1_000).await.unwrap();
        desk.ledger.settle_lost(desk.generation, None).await.unwrap();
        assert_eq!(desk.today().await, (cost + 2_100, 0));
        desk.ledger.settle(late, used(1, 1)).await.unwrap();
        assert_eq!(desk.today().await, (cost + 2_100, 0), "{}: the late worker changes nothing", desk.name);
    }
}

#[tokio::test]
async fn what_nobody_settles_is_found_by_the_sweeper_when_its_generation_is_gone() {
    for desk in desks(day(1_000)).await {
        let _lost = desk.ask(&model(), 100, 10_000).await.unwrap();
        desk.clock.advance(TimeDelta::minutes(31));
        assert_eq!(desk.ledger.sweep().await.unwrap(), 0, "{}: the generation may still go on", desk.name);
        let mut tx = desk.backend.deps.store.begin().await.unwrap();
        generations::delete(&mut tx, desk.generation).await.unwrap();
        tx.save().await.unwrap();
        let other = Ledger::new(desk.backend.deps.clone(), *desk.ledger.budgets());
        let (one, two) = futures::join!(desk.ledger.sweep(), other.sweep());
        assert!(one.unwrap() + two.unwrap() >= 1);
        assert_eq!(desk.today().await, (1_000, 0), "{}: once, and no more than was held", desk.name);
        assert_eq!(desk.ledger.sweep().await.unwrap(), 0);
    }
}

/// A way to the database that can be shut.
struct Gate {
    address: SocketAddr,
    shut: watch::Sender<bool>,
    turned_away: watch::Receiver<usize>,
}

impl Gate {
    async fn before(database: &Url, tasks: &TaskTracker) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let to = (database.host_str().unwrap().to_owned(), database.port().unwrap_or(5432));
        let (shut, is_shut) = watch::channel(false);
        let (count, turned_away) = watch::channel(0);
        tasks.spawn({
            let tasks = tasks.clone();
            async move {
                while let Ok((mut inside, _)) = listener.accept().await {
                    if *is_shut.borrow() {
                        count.send_modify(|count| *count += 1);
                        continue;
                    }
                    let (to, mut is_shut) = (to.clone(), is_shut.clone());
                    tasks.spawn(async move {
                        let mut outside = TcpStream::connect(to).await.unwrap();
                        tokio::select! {
                            _ = copy_bidirectional(&mut inside, &mut outside) => {}
                            _ = is_shut.wait_for(|shut| *shut) => {}
                        }
                    });
                }
            }
        });
        Self { address, shut, turned_away }
    }
}

#[tokio::test]
async fn a_settlement_waits_until_the_database_is_back() {
    for desk in desks(day(1_000)).await.into_iter().filter(|desk| desk.name == "distributed") {
        let mut url: Url = desk.backend.database.url.parse().unwrap();
        let mut gate = Gate::before(&url, &desk.backend.deps.lifecycle.tasks).await;
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(gate.address.port())).unwrap();
        let mut deps = desk.backend.deps.clone();
        deps.store = Store::connect(url.as_str()).await.unwrap();
        let ledger = Ledger::new(deps, *desk.ledger.budgets());
        let call = ledger.reserve(&desk.call(&model(), 10, 10)).await.unwrap();
        gate.shut.send_replace(true);
        let back = async {
            gate.turned_away.wait_for(|count| *count > 0).await.unwrap();
            assert_eq!(desk.today().await, (0, 30));
            gate.shut.send_replace(false);
        };
        let (cost, ()) = futures::join!(ledger.settle(call, used(10, 1)), back);
        assert_eq!(cost.unwrap(), 12);
        assert_eq!(desk.today().await, (12, 0));
    }
}
