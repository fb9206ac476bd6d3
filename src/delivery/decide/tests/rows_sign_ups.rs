//! Sign-ups: rules 3 and 4.

use super::notation::check;

#[test]
fn sign_ups() {
    check(
        "
        the first of a customer                              | - | 1 sign-up | -                           | send
        a second one, the first recorded or there before     | - | 2 sign-up | known                       | duplicate
        after an ignored one, which leaves nothing           | - | 2 sign-up | -                           | send
        an earlier call of the customer is pending           | - | 2 sign-up | first 1                     | wait
        a later one doesn't hold it up                       | - | 2 sign-up | first 3                     | send
        unless it may have been carried out                  | - | 2 sign-up | first 3 uncertain           | wait
        or is between its two steps                          | - | 2 sign-up | first 3 deleted             | wait
        one is in flight, whatever its place                 | - | 2 sign-up | in flight                   | wait
        one is in flight, and the customer is known          | - | 2 sign-up | in flight, known            | wait
        an earlier one may yet be known                      | - | 2 sign-up | first 1, known              | wait
        an earlier one with a referrer is dead               | - | 2 sign-up | dead sign-up 1              | park behind 1
        it is dead, whatever else is known                   | - | 2 sign-up | dead sign-up 1, known       | park behind 1
        a later one is dead: that one waits for an operator  | - | 2 sign-up | dead sign-up 3              | send
        a dead one came later, and it is known               | - | 2 sign-up | dead sign-up 3, known       | duplicate
        first what is open, then what is dead                | - | 3 sign-up | first 2, dead sign-up 1     | wait
        ",
    );
}
