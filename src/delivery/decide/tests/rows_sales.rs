//! Sales: one sale, one commission.

use super::notation::check;

#[test]
fn sales_and_their_customer() {
    check(
        "
        the first of a key                                   | - | 2 sale 10 | -                       | send
        of a customer who is there                           | - | 2 sale 10 | known                   | send
        behind an earlier call of the customer               | - | 2 sale 10 | first 1                 | wait
        behind one in flight                                 | - | 2 sale 10 | in flight               | wait
        before a later one                                   | - | 2 sale 10 | first 3                 | send
        behind a later one that may have been carried out    | - | 2 sale 10 | first 3 uncertain       | wait
        behind a later one between its two steps             | - | 2 sale 10 | first 3 deleted         | wait
        behind a dead sign-up that named a referrer          | - | 2 sale 10 | dead sign-up 1          | park behind 1
        before a dead sign-up                                | - | 2 sale 10 | dead sign-up 3          | send
        parked with the customer, open calls or not          | - | 3 sale 10 | dead sign-up 1, first 2 | park behind 1
        a duplicate is one without a look at the customer    | 1 sale 10 recorded | 3 sale 10 | in flight      | duplicate
        a refunded one likewise                              | 1 refund refunded  | 3 sale 10 | dead sign-up 2 | refunded
        ",
    );
}

#[test]
fn second_sales() {
    check(
        "
        the same again                                | 1 sale 10 recorded                     | 2 sale 10 | - | duplicate
        10.00 is 10                                   | 1 sale 10.00 recorded                  | 2 sale 10 | - | duplicate
        another amount: the first wins                | 1 sale 10 recorded                     | 2 sale 20 | - | duplicate differs
        one that states its reward                    | 1 sale recorded                        | 2 sale    | - | duplicate
        the amount after one that states its reward   | 1 sale recorded                        | 2 sale 20 | - | duplicate differs
        the first may still fail: wait                | 1 sale 10                              | 2 sale 20 | - | wait
        the first is uncertain: wait                  | 1 sale 10 uncertain                    | 2 sale 10 | - | wait
        the first is dead, and may be retried         | 1 sale 10 dead                         | 2 sale 20 | - | duplicate differs
        the first is parked                           | 1 sale 10 parked                       | 2 sale 20 | - | duplicate differs
        the first was ignored: nobody is owed         | 1 sale 10 ignored                      | 2 sale 10 | - | duplicate
        the first was discarded: this one counts      | 1 sale 10 discarded                    | 2 sale 20 | - | send
        it was discarded not knowing if it is there   | 1 sale 10 discarded uncertain          | 2 sale 10 | - | check first
        that one may still arrive                     | 1 sale 10 discarded uncertain quiet 101 | 2 sale 10 | - | wait until 101
        it was deleted since, and that is certain     | 1 sale 10 discarded uncertain, 2 refund refunded | 3 sale 10 | - | refunded
        the first was adjusted                        | 1 sale 10 recorded, 2 adjustment 5 adjusted | 3 sale 10 | - | duplicate differs
        adjusted to just this                         | 1 sale 10 recorded, 2 adjustment 5 adjusted | 3 sale 5  | - | duplicate
        the first was a repeat itself                 | 1 sale 10 duplicate                    | 2 sale 10 | - | send
        a third, behind a second that waits           | 1 sale 10 recorded, 2 sale 10          | 3 sale 10 | - | wait
        ",
    );
}

#[test]
fn sales_and_refunds() {
    check(
        "
        a refund came first: its tombstone stands     | 1 refund refunded                      | 2 sale 10 | - | refunded
        it cancelled a sale that was never sent       | 1 sale 10 cancelled, 2 refund cancelled | 3 sale 10 | - | refunded
        a redelivered payment webhook after a refund  | 1 sale 10 recorded, 2 refund refunded  | 3 sale 10 | - | refunded
        after two refunds                             | 1 refund refunded, 2 refund duplicate  | 3 sale 10 | - | refunded
        a refund waits before it                      | 1 refund                               | 2 sale 10 | - | wait
        a refund waits behind it, and will cancel it  | 2 refund                               | 1 sale 10 | - | wait
        also if it may be there: it will be deleted   | 2 refund                               | 1 sale 10 uncertain | - | wait
        a refund was carried out: a retried letter    | 2 refund refunded                      | 1 sale 10 | - | refunded
        the same if it may be there                   | 2 refund refunded                      | 1 sale 10 uncertain | - | refunded
        behind a dead refund                          | 1 refund dead                          | 2 sale 10 | - | park behind 1
        a dead refund, and its own sale retried       | 2 refund dead                          | 1 sale 10 | - | park behind 2
        a dead refund stands before what waits        | 1 refund dead, 2 sale 20               | 3 sale 10 | - | park behind 1
        the refund was discarded                      | 1 refund discarded                     | 2 sale 10 | - | send
        a sale that was cancelled stays cancelled     | 1 sale 10 cancelled uncertain, 2 refund discarded | 3 sale 10 | - | duplicate
        refunded, then adjusted: live again           | 1 refund refunded, 2 adjustment 5 adjusted | 3 sale 5 | - | duplicate
        refunded, adjusted, refunded                  | 1 refund refunded, 2 adjustment 5 adjusted, 3 refund refunded | 4 sale 5 | - | refunded
        ",
    );
}

#[test]
fn sales_of_which_an_attempt_was_made() {
    check(
        "
        it may be there: ask                          | -                                      | 1 sale 10 uncertain            | - | check first
        the attempt may still be under way            | -                                      | 1 sale 10 uncertain quiet 101  | - | wait until 101
        just now it may no more                       | -                                      | 1 sale 10 uncertain quiet 100  | - | check first
        it may not for long                           | -                                      | 1 sale 10 uncertain quiet 99   | - | check first
        what was under way was answered               | -                                      | 1 sale 10 quiet 99             | - | send
        another request of the key may be under way   | 1 refund discarded quiet 150           | 2 sale 10                      | - | wait until 150
        the last of them counts                       | 1 refund discarded quiet 150           | 2 sale 10 uncertain quiet 160  | - | wait until 160
        retried, uncertain as it was, before its repeat | 2 sale 10                            | 1 sale 10 uncertain            | - | check first
        an earlier letter is back: first what is uncertain | 1 sale 10                         | 2 sale 10 uncertain            | - | check first
        the earlier letter waits for it               | 2 sale 10 uncertain                    | 1 sale 10                      | - | wait
        both are uncertain: in order                  | 1 sale 10 uncertain                    | 2 sale 10 uncertain            | - | wait
        the customer's earlier letter is back         | -                                      | 2 sale 10 uncertain            | first 1           | check first
        and is uncertain too                          | -                                      | 2 sale 10 uncertain            | first 1 uncertain | wait
        a later one is uncertain too                  | -                                      | 2 sale 10 uncertain            | first 3 uncertain | check first
        a later one is between its steps              | -                                      | 2 sale 10 uncertain            | first 3 deleted   | wait
        nothing is asked of a customer in flight      | -                                      | 2 sale 10 uncertain            | in flight         | wait
        the adjustment of a retried sale is between its steps | 2 adjustment 5 deleted         | 1 sale 10 uncertain            | - | wait
        the adjustment is through                     | 2 adjustment 5 adjusted                | 1 sale 10 uncertain            | - | duplicate differs
        ",
    );
}
