//! How many everyday things are found, done, late and decided in each month: so that the figures, counted by their own
//! definitions, move as the stories tell. Months are counted back from the one of loading.
//!
//! - M1 from 56 % in the thirteenth month before to 92 % in the seventh (S4), M3 from 48 % to 87 % in the same months (S6);
//! - M2 from 51 % at the end of the fourteenth month before to 90 % at the end of the tenth (S5);
//! - M6 from 60 % at the end of the seventh month before to 100 % at the end of the fifth, six weeks on (S12);
//! - M4 from 60 % in the fifth month before to 90 % in the third, six weeks on (S10).

/// The everyday work that is closed in a month. What is not a follow-up was found the month before.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// So many months before the one of loading; one after it is still open.
    pub month: i32,
    /// How many besides follow-ups.
    pub others: usize,
    /// How many of them were found a month earlier still, and were late over the ends of both months; and of how many of
    /// these a decision was recorded.
    pub carried: [usize; 2],
    /// How many of the rest were late over the end of the month before; and of how many of these a decision was recorded.
    pub late: [usize; 2],
    /// How many findings are high risk; and of how many a decision was recorded.
    pub high: [usize; 2],
    /// How many answer what people said; and how many of them close on what people say now.
    pub said: [usize; 2],
    /// How many were sent back at the first check.
    pub sent_back: usize,
    /// How many follow-ups were found; and how many were done on time.
    pub follow_ups: [usize; 2],
    /// How many findings came back.
    pub again: usize,
}

#[expect(clippy::too_many_arguments, reason = "a table of numbers, one row each")]
const fn row(
    month: i32,
    others: usize,
    late: [usize; 2],
    high: [usize; 2],
    said: [usize; 2],
    sent_back: usize,
    follow_ups: [usize; 2],
    again: usize,
) -> Plan {
    Plan { month, others, carried: [0, 0], late, high, said, sent_back, follow_ups, again }
}

/// Month by month.
#[rustfmt::skip]
pub const PLANS: [Plan; 26] = [
    // month, others, late, high, said, sent back, follow-ups, again
    row(24, 0, [0, 0], [0, 0], [0, 0], 2, [5, 3], 0),
    row(23, 5, [4, 2], [2, 1], [2, 1], 5, [5, 3], 0),
    row(22, 6, [5, 3], [2, 1], [4, 2], 5, [5, 3], 1),
    row(21, 5, [4, 2], [2, 1], [4, 2], 4, [5, 3], 1),
    row(20, 6, [5, 2], [3, 1], [5, 2], 5, [5, 2], 1),
    row(19, 5, [4, 2], [2, 1], [4, 2], 5, [5, 3], 1),
    row(18, 6, [5, 3], [2, 1], [4, 2], 4, [5, 3], 2),
    row(17, 5, [4, 2], [2, 1], [4, 2], 4, [5, 4], 1),
    row(16, 6, [5, 2], [3, 2], [5, 2], 5, [5, 3], 1),
    row(15, 5, [4, 2], [2, 1], [4, 2], 5, [5, 3], 1),
    row(14, 6, [5, 3], [2, 1], [4, 2], 5, [5, 3], 2),
    row(13, 22, [22, 12], [4, 2], [21, 10], 11, [3, 2], 1),
    Plan { carried: [13, 6], ..row(12, 20, [7, 6], [2, 1], [6, 3], 9, [3, 2], 1) },
    row(11, 9, [9, 6], [4, 2], [5, 3], 4, [3, 2], 2),
    row(10, 9, [9, 7], [2, 1], [6, 4], 3, [3, 2], 1),
    row(9, 10, [10, 9], [2, 1], [7, 5], 2, [3, 2], 2),
    row(8, 9, [7, 7], [4, 2], [5, 4], 2, [3, 2], 1),
    row(7, 21, [11, 10], [4, 2], [15, 13], 2, [4, 2], 2),
    row(6, 8, [5, 5], [5, 3], [6, 6], 1, [5, 3], 1),
    row(5, 8, [5, 5], [5, 4], [7, 6], 1, [5, 3], 1),
    row(4, 8, [5, 5], [5, 5], [5, 5], 1, [6, 5], 1),
    row(3, 8, [4, 4], [4, 4], [7, 6], 1, [10, 9], 1),
    row(2, 7, [4, 4], [3, 3], [5, 5], 1, [10, 10], 1),
    row(1, 7, [4, 4], [3, 3], [5, 5], 1, [10, 10], 1),
    row(0, 8, [7, 7], [2, 2], [3, 3], 0, [3, 3], 0),
    row(-1, 9, [0, 0], [1, 1], [3, 3], 0, [0, 0], 2),
];
