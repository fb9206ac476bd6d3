//! The time of day jumps an hour, either way, while calls are under way and while nobody knows what came of others.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum_partnero::{
    Clock,
    sandbox::{Answer, Fault, Sandbox},
};
use fastrand::Rng;
use tokio::{task::AbortHandle, time::sleep};

use crate::{
    books::Books,
    child::{Job, News, Order, builder, track},
    kills::report,
    plan,
    support::{DEADLINE, Place, ms, partnero, secs, seed, until, within},
};

const HOUR: Duration = Duration::from_secs(60 * 60);
/// In the clock's own time, a second of which passes in a millisecond: a request takes some seconds then.
const LEASE: Duration = Duration::from_secs(3_000);
const SETTLE: Duration = Duration::from_secs(200);
/// In real time.
const REQUEST: Duration = Duration::from_millis(120);
const LATE: Duration = Duration::from_millis(60);

/// A clock that is turned, and whose time of day somebody sets.
struct Jumping {
    clock: Clock,
    wall: Arc<Mutex<SystemTime>>,
    turning: AbortHandle,
}

impl Jumping {
    fn start() -> Self {
        let (clock, wall) = (Clock::manual(), Arc::new(Mutex::new(SystemTime::now())));
        let (turned, known) = (clock.clone(), Arc::clone(&wall));
        let turning = tokio::spawn(async move {
            loop {
                sleep(ms(1)).await;
                *known.lock().unwrap() += secs(1);
                turned.advance(secs(1));
            }
        });
        Self { clock, wall, turning: turning.abort_handle() }
    }

    fn jump(&self, forward: bool) {
        let mut wall = self.wall.lock().unwrap();
        *wall = if forward { *wall + HOUR } else { *wall - HOUR };
        self.clock.set_wall(*wall);
    }
}

impl Drop for Jumping {
    fn drop(&mut self) {
        self.turning.abort();
    }
}

fn let_it_rain(sandbox: &Sandbox) {
    let faults: [Fault; 6] = [
        Fault::StoreThenDrop,
        Fault::DropThenStore(LATE),
        Fault::StoreThenHang,
        Fault::Slow(REQUEST + LATE),
        Fault::Refuse,
        Answer::status(503).into(),
    ];
    for fault in faults {
        sandbox.fault(fault).probability(0.05);
    }
}

#[tokio::test]
async fn a_clock_that_jumps_an_hour_either_way_on_sqlite_loses_nothing_and_pays_nothing_twice() {
    jump_about("clock, sqlite", Place::sqlite()).await;
}

#[tokio::test]
async fn a_clock_that_jumps_an_hour_either_way_on_postgres_loses_nothing_and_pays_nothing_twice() {
    if let Some(place) = Place::postgres().await {
        jump_about("clock, postgres", place).await;
    }
}

async fn jump_about(test: &str, place: Place) {
    let seed = seed(test);
    let (mut dice, sandbox, mut books) = (Rng::with_seed(seed), partnero(seed).await, Books::default());
    let_it_rain(&sandbox);
    let time = Jumping::start();
    let builder = builder(Job::new(place.database.clone(), &sandbox)).await.clock(time.clock.clone());
    let builder = builder.request_timeout(REQUEST).lease(LEASE).settle_delay(SETTLE).backoff(secs(1), secs(60));
    let partnero = builder.max_age(Duration::MAX).build().unwrap();
    // Never far from where it began: each hour that it goes back has to pass once more.
    let (mut ahead, mut forward, mut back) = (0, 0, 0);
    for customer in 0..80 {
        let customer = format!("c{customer}");
        let plan = plan::of(&customer, &mut dice);
        let calls = plan.len();
        books.open(&customer, plan);
        for call in 0..calls {
            let Order::Track(number, call) = books.say(1, &customer, call) else { unreachable!() };
            within(track(&partnero, call)).await.unwrap();
            books.note(&[News::Stored(number)]);
            sleep(ms(dice.u64(0..6))).await;
            if dice.u8(0..25) == 0 {
                let jump = if ahead == 0 { dice.bool() } else { ahead < 0 };
                (ahead, forward, back) =
                    if jump { (ahead + 1, forward + 1, back) } else { (ahead - 1, forward, back + 1) };
                time.jump(jump);
            }
        }
    }
    within(partnero.flush(DEADLINE)).await.unwrap();
    books.audit(&sandbox);
    let status = partnero.status().await.unwrap();
    assert_eq!((status.dead, status.parked), (0, 0));
    let what = format!("{forward} jumps forward, {back} back");
    report(test, &what, &books, &sandbox);
}

#[tokio::test]
async fn an_hour_gained_on_sqlite_takes_nothing_off_the_time_before_partnero_is_asked() {
    gain_an_hour(Place::sqlite()).await;
}

#[tokio::test]
async fn an_hour_gained_on_postgres_takes_nothing_off_the_time_before_partnero_is_asked() {
    if let Some(place) = Place::postgres().await {
        gain_an_hour(place).await;
    }
}

async fn gain_an_hour(place: Place) {
    let sandbox = partnero(7).await;
    let clock = Clock::manual();
    let builder = builder(Job::new(place.database.clone(), &sandbox)).await.clock(clock.clone());
    let partnero = builder.settle_delay(secs(30)).build().unwrap();
    within(partnero.track_sign_up(plan::customer("mia")).delivered()).await.unwrap();
    // Carried out late, and the clock stands still.
    sandbox.fault(Fault::DropThenStore(ms(600))).on("POST", "/transactions").times(1);
    within(track(&partnero, plan::Call::sale("mia", "order-1", 100))).await.unwrap();
    until("nobody knows", async || partnero.status().await.unwrap().uncertain == 1).await;
    clock.set_wall(SystemTime::now() + HOUR);
    for _ in 0..4 {
        clock.advance(secs(1));
        sleep(ms(20)).await;
    }
    let of_order = || {
        let requests = sandbox.requests();
        requests.iter().filter(|request| request.path.starts_with("/v1/transactions")).count()
    };
    assert_eq!(of_order(), 1, "neither asked nor sent again");
    until("it is there", async || sandbox.ledger().transactions().len() == 1).await;
    clock.advance(secs(30));
    within(partnero.flush(DEADLINE)).await.unwrap();
    assert_eq!((of_order(), sandbox.ledger().transactions().len()), (2, 1), "asked, and found");
}
