//! Clients at full speed, and what they are answered.

use std::io;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use crate::client::{Answer, Client};
use crate::gateway::Gateway;

/// Clients that send at the same time, each from its thread.
const CLIENTS: usize = 2;

/// Connections of each, half of them to either worker.
const CONNECTIONS: usize = 4;

/// How many requests are under way at once.
pub const AT_ONCE: usize = CLIENTS * CONNECTIONS;

/// How often what was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub admitted: usize,
    pub refused: usize,
    pub contended: usize,
}

impl Tally {
    pub fn add(&mut self, answer: Answer) {
        match answer {
            Answer::Admitted => self.admitted += 1,
            Answer::Refused => self.refused += 1,
            Answer::Contended => self.contended += 1,
        }
    }

    pub fn sent(&self) -> usize {
        self.admitted + self.refused + self.contended
    }

    pub fn plus(&self, other: Self) -> Self {
        Self {
            admitted: self.admitted + other.admitted,
            refused: self.refused + other.refused,
            contended: self.contended + other.contended,
        }
    }

    /// What came since.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            admitted: self.admitted - earlier.admitted,
            refused: self.refused - earlier.refused,
            contended: self.contended - earlier.contended,
        }
    }
}

impl FromIterator<Answer> for Tally {
    fn from_iter<T: IntoIterator<Item = Answer>>(answers: T) -> Self {
        let mut tally = Self::default();
        answers.into_iter().for_each(|answer| tally.add(answer));
        tally
    }
}

/// One request and its answer.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    /// Which of the requests it was.
    pub request: usize,
    pub sent: Instant,
    pub received: Instant,
    pub answer: Answer,
}

/// Two clients with connections to both workers.
pub struct Crowd([Vec<Client>; CLIENTS]);

impl Crowd {
    pub fn connect(gateway: &Gateway) -> io::Result<Self> {
        Ok(Self([gateway.connect(CONNECTIONS)?, gateway.connect(CONNECTIONS)?]))
    }

    /// The connections of each client.
    pub fn clients(&mut self) -> impl Iterator<Item = &mut [Client]> {
        self.0.iter_mut().map(Vec::as_mut_slice)
    }

    /// All clients send so many waves, a request on each connection. `which` chooses the request by the wave and the
    /// number of the connection.
    pub fn race(
        &mut self,
        requests: &[Vec<u8>],
        waves: usize,
        which: impl Fn(usize, usize) -> usize + Sync,
    ) -> io::Result<Vec<Record>> {
        let start = Barrier::new(CLIENTS);
        let (start, which) = (&start, &which);
        thread::scope(|scope| {
            let run = |client: &'_ mut [Client]| -> io::Result<Vec<Record>> {
                start.wait();
                let records = (0..waves).map(|number| wave(client, requests, |seat| which(number, seat)));
                Ok(records.collect::<io::Result<Vec<_>>>()?.concat())
            };
            let threads: Vec<_> = self.clients().map(|client| scope.spawn(move || run(client))).collect();
            let mut records = Vec::new();
            for thread in threads {
                records.extend(thread.join().map_err(|_| io::Error::other("a client panicked"))??);
            }
            Ok(records)
        })
    }
}

/// A request on each connection, then all answers.
pub fn wave(
    connections: &mut [Client],
    requests: &[Vec<u8>],
    which: impl Fn(usize) -> usize,
) -> io::Result<Vec<Record>> {
    let mut sent = Vec::with_capacity(connections.len());
    for (seat, connection) in connections.iter_mut().enumerate() {
        let request = which(seat);
        sent.push((request, Instant::now()));
        connection.send(&requests[request])?;
    }
    let answers = connections.iter_mut().zip(sent).map(|(connection, (request, sent))| {
        let answer = connection.receive()?;
        Ok(Record { request, sent, received: Instant::now(), answer })
    });
    answers.collect()
}
