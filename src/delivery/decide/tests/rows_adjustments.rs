//! Adjustments: deletion, then the sale anew.

use super::notation::check;

#[test]
fn the_first_step() {
    check(
        "
        of a recorded sale                             | 1 sale 10 recorded                       | 2 adjustment 5  | - | send
        equal to what is live                          | 1 sale 10 recorded                       | 2 adjustment 10 | - | adjusted
        equal to what it was adjusted to               | 1 sale 10 recorded, 2 adjustment 5 adjusted | 3 adjustment 5 | - | adjusted
        back to what it was                            | 1 sale 10 recorded, 2 adjustment 5 adjusted | 3 adjustment 10 | - | send
        equal, but both state a reward: no telling     | 1 sale recorded                          | 2 adjustment    | - | send
        of a key we don't know                         | -                                        | 1 adjustment 5  | - | send
        of a refunded sale: only this may revive it    | 1 sale 10 recorded, 2 refund refunded    | 3 adjustment 10 | - | send
        the sale waits                                 | 1 sale 10                                | 2 adjustment 5  | - | wait
        the sale is uncertain                          | 1 sale 10 uncertain                      | 2 adjustment 5  | - | wait
        the sale is in flight                          | 1 sale 10 claimed                        | 2 adjustment 5  | - | wait
        the sale is dead: this is what it should be    | 1 sale 10 dead                           | 2 adjustment 5  | - | send
        the dead sale may still arrive                 | 1 sale 10 dead uncertain quiet 101       | 2 adjustment 5  | - | wait until 101
        a refund waits behind it                       | 1 sale 10 recorded, 3 refund             | 2 adjustment 5  | - | wait
        a refund is dead                               | 1 refund dead                            | 2 adjustment 5  | - | park behind 1
        a later refund is dead                         | 3 refund dead                            | 2 adjustment 5  | - | park behind 3
        a later refund was carried out                 | 3 refund refunded                        | 2 adjustment 5  | - | cancel
        a later refund had nothing to do               | 3 refund cancelled                       | 2 adjustment 5  | - | cancel
        a later adjustment was carried out             | 3 adjustment 7 adjusted                  | 2 adjustment 5  | - | cancel
        an earlier adjustment waits                    | 1 adjustment 7                           | 2 adjustment 5  | - | wait
        its own deletion may be done: equal no more    | 1 sale 10 recorded                       | 2 adjustment 10 uncertain | - | send
        an earlier one deleted it and died             | 1 sale 10 recorded, 2 adjustment 5 dead deleted | 3 adjustment 10 | - | send
        an earlier one may have deleted it and died    | 1 sale 10 recorded, 2 adjustment 5 dead uncertain | 3 adjustment 10 | - | send
        an earlier one was discarded after that        | 1 sale 10 recorded, 2 adjustment 5 discarded deleted | 3 adjustment 10 | - | send
        an earlier one was ignored after that          | 1 sale 10 recorded, 2 adjustment 5 ignored deleted | 3 adjustment 10 | - | send
        a discarded refund may have deleted it         | 1 sale 10 recorded, 2 refund discarded uncertain | 3 adjustment 10 | - | send
        a sale with a later id went before it          | 1 adjustment 5 adjusted, 2 sale 10 recorded | 3 adjustment 10 | - | send
        the customer is busy                           | 1 sale 10 recorded                       | 3 adjustment 5  | first 2        | wait
        the customer is in flight                      | 1 sale 10 recorded                       | 3 adjustment 5  | in flight      | wait
        behind a dead sign-up                          | 1 sale 10 recorded                       | 3 adjustment 5  | dead sign-up 2 | park behind 2
        equal, but the customer comes first            | 1 sale 10 recorded                       | 3 adjustment 10 | first 2        | wait
        retried, its own post may still arrive         | 1 sale 10 recorded                       | 2 adjustment 5 uncertain quiet 101 | - | wait until 101
        ",
    );
}

#[test]
fn the_second_step() {
    check(
        "
        the deletion is done                           | 1 sale 10 recorded                       | 2 adjustment 5 deleted | - | send
        the deletion was tried twice: the first may come | 1 sale 10 recorded                     | 2 adjustment 5 deleted quiet 101 | - | wait until 101
        it may come no more                            | 1 sale 10 recorded                       | 2 adjustment 5 deleted quiet 100 | - | send
        it may be there                                | 1 sale 10 recorded                       | 2 adjustment 5 deleted uncertain | - | check first
        it may still arrive                            | 1 sale 10 recorded                       | 2 adjustment 5 deleted uncertain quiet 101 | - | wait until 101
        what was uncertain before is deleted           | 1 sale 10 dead uncertain                 | 2 adjustment 5 deleted | - | send
        what comes after may be there                  | 3 adjustment 7 dead uncertain            | 2 adjustment 5 deleted | - | check first
        the dead sale is back: it waits for this       | 1 sale 10                                | 2 adjustment 5 deleted | - | send
        it is back, and may be there                   | 1 sale 10 uncertain                      | 2 adjustment 5 deleted | - | send
        it is at it                                    | 1 sale 10 claimed                        | 2 adjustment 5 deleted | - | wait
        a refund came                                  | 1 sale 10 recorded, 3 refund             | 2 adjustment 5 deleted | - | wait
        a refund came late                             | 1 refund                                 | 2 adjustment 5 deleted | - | wait
        a refund came and died                         | 3 refund dead                            | 2 adjustment 5 deleted | - | park behind 3
        a refund went past it                          | 3 refund refunded                        | 2 adjustment 5 deleted | - | cancel
        an adjustment went past it                     | 3 adjustment 7 adjusted                  | 2 adjustment 5 deleted | - | cancel
        the customer's earlier letter is back          | -                                        | 2 adjustment 5 deleted | first 1           | send
        the customer's other adjustment is first       | -                                        | 2 adjustment 5 deleted | first 1 deleted   | wait
        the customer has one uncertain                 | -                                        | 2 adjustment 5 deleted | first 1 uncertain | send
        the customer is in flight                      | -                                        | 2 adjustment 5 deleted | in flight         | wait
        ",
    );
}
