//! Requests at the same time: a race is found, printed, and can be played again.

use std::path::Path;

use test_harness::backend::wasmtime::Wasmtime;
use test_harness::scenario::{Report, Verdict, parse, run};

/// Requests, one per worker, through `counter.wat`, which admits two of them.
fn play(configured: &str, workers: usize, schedule: &str) -> Report {
    let requests: String = (0..workers).map(|worker| format!("  - request: {{worker: {worker}}}\n")).collect();
    let admitted = workers.min(2);
    let refused = if workers > 2 { format!(", 429: {}", workers - 2) } else { String::new() };
    let text = format!(
        "name: two are admitted\nplugin: ./counter.wat\n{configured}workers: {workers}\nsteps:\n- interleave:\n\
         {requests}  schedule: {schedule}\n  outcome: {{statuses: {{200: {admitted}{refused}}}}}\n"
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/harness");
    run(&parse("counter", &text, &folder).unwrap_or_else(|why| panic!("{why}\n{text}")), &Wasmtime::default())
}

/// Plays steps through `counter.wat`.
fn play_steps(workers: usize, steps: &str) -> Report {
    let text = format!("name: steps\nplugin: ./counter.wat\nworkers: {workers}\nsteps:\n{steps}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/harness");
    run(&parse("counter", &text, &folder).unwrap_or_else(|why| panic!("{why}\n{text}")), &Wasmtime::default())
}

const RACY: &str = "config: {racy: true}\n";

#[test]
fn a_counter_that_reads_then_writes_is_caught_with_its_schedule() {
    let report = play(RACY, 3, "all");
    assert_eq!(report.verdict(), Verdict::Failed);
    let text = report.to_string();
    let schedule = text.lines().find_map(|line| line.trim().split_once("schedule: ")).expect("it is printed").1;
    println!("after {} schedules:\n{text}", report.schedules.expect("it searched").played);
    assert!(text.contains("outcome.statuses.200: expected 2, found 3"), "{text}");
    assert!(text.contains("on worker 2: write shared data \"count\""), "{text}");

    let again = play(RACY, 3, schedule);
    assert_eq!(again.verdict(), Verdict::Failed);
    assert!(again.to_string().contains("outcome.statuses.200: expected 2, found 3"), "{again}");
    assert_eq!(play(RACY, 3, "[0, 0, 0, 0, 1, 1, 1, 1]").verdict(), Verdict::Passed, "one after another");
}

#[test]
fn compare_and_swap_holds_in_all_schedules() {
    for (workers, at_least) in [(2, 4), (3, 50)] {
        let report = play("", workers, "all");
        assert_eq!(report.verdict(), Verdict::Passed, "{report}");
        let count = report.schedules.expect("it searched");
        println!("{workers} workers: {count}");
        assert!(count.played >= at_least, "{count}");
    }
}

#[test]
fn a_schedule_must_name_those_who_can_go_on() {
    let report = play("", 2, "[0, 7]");
    assert!(report.to_string().contains("place 2 names 7, but only these can go on: 0 on worker 0"), "{report}");
}

#[test]
fn a_fault_that_never_happens_fails() {
    for fault in ["{torn: other}", "{call: proxy_get_shared_data, returns: NotFound, skip: 9}", "{dropped_ticks: 1}"] {
        let report = play_steps(1, &format!("- fault: {fault}\n- request: {{}}\n"));
        assert!(report.to_string().contains("it happens"), "{fault}: {report}");
    }
}

/// Two steps of requests at once are two searches, one inside the other.
#[test]
fn what_came_before_races_with_nothing() {
    let pair = "- interleave:\n  - request: {worker: 0}\n  - request: {worker: 1}\n";
    let one = play_steps(2, pair).schedules.expect("it searched");
    let two = play_steps(2, &format!("{pair}- fault: {{evicted: count}}\n{pair}")).schedules.expect("it searched");
    assert_eq!((two.played, two.repeated), (one.played * one.played, 0), "of {} each", one.played);
}

#[test]
fn a_failure_of_a_later_step_brings_the_schedule() {
    let steps = "- interleave:\n  - request: {worker: 0}\n  - request: {worker: 1}\n- request: {}\n";
    let text = play_steps(2, &format!("{steps}  expect: {{status: 200}}\n")).to_string();
    assert!(text.contains("step 2: status"), "{text}");
    assert!(text.contains("schedule: [0, "), "{text}");
}

#[test]
fn a_list_with_more_than_is_needed_is_stale() {
    let report = play("", 2, "[0, 0, 0, 0, 1, 1, 1, 1, 1]");
    assert!(report.to_string().contains("the last 1 of the list were not needed"), "{report}");
}

#[test]
fn a_fault_hits_whoever_comes_first_in_some_schedule() {
    // The first read finds nothing, whoever's it is; then both are admitted, or the second is not.
    let alone = "- interleave:\n  - request: {worker: 0}\n  - request: {worker: 1}\n";
    let faulty = format!("- fault: {{call: proxy_get_shared_data, returns: NotFound}}\n{alone}");
    let (alone, faulty) = (play_steps(2, alone), play_steps(2, &faulty));
    let played = |report: &Report| report.schedules.expect("it searched").played;
    assert!(played(&faulty) > played(&alone), "{} against {}", played(&faulty), played(&alone));
}
