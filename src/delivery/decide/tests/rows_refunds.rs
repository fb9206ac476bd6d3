//! Refunds: what is owed no more.

use super::notation::check;

#[test]
fn refunds_over_sales() {
    check(
        "
        of a key we don't know: sold elsewhere         | -                              | 1 refund | - | send
        of a recorded sale                             | 1 sale 10 recorded             | 2 refund | - | send
        of a sale never attempted: both are over       | 1 sale 10                      | 2 refund | - | cancel with 1
        of a sale parked behind its sign-up            | 1 sale 10 parked               | 2 refund | - | cancel with 1
        of a sale that may be there: never post again  | 1 sale 10 uncertain            | 2 refund | - | send over 1
        of one that may be there and is parked         | 1 sale 10 parked uncertain     | 2 refund | - | send over 1
        of one that may still arrive                   | 1 sale 10 uncertain quiet 101  | 2 refund | - | wait until 101
        it may just no more                            | 1 sale 10 uncertain quiet 100  | 2 refund | - | send over 1
        of one in flight                               | 1 sale 10 claimed              | 2 refund | - | wait
        of a dead sale: Partnero may know better       | 1 sale 10 dead                 | 2 refund | - | send
        of a dead sale that may be there               | 1 sale 10 dead uncertain       | 2 refund | - | send
        of a dead sale that may still arrive           | 1 sale 10 dead uncertain quiet 130 | 2 refund | - | wait until 130
        of an ignored sale: done when it isn't there   | 1 sale 10 ignored              | 2 refund | - | send
        of a discarded one                             | 1 sale 10 discarded            | 2 refund | - | send
        of a recorded sale and its unsent repeat       | 1 sale 10 recorded, 2 sale 10  | 3 refund | - | send over 2
        of an unsent sale, the first of it dead        | 1 sale 10 dead, 2 sale 10      | 3 refund | - | cancel with 2
        of an unsent sale, the first of it maybe there | 1 sale 10 dead uncertain, 2 sale 10 | 3 refund | - | send over 2
        a sale that comes later isn't its business     | 2 sale 10                      | 1 refund | - | send
        one committed late, of a recorded sale         | 2 sale 10 recorded             | 1 refund | - | send
        one committed late, of a sale that may arrive  | 2 sale 10 uncertain quiet 120  | 1 refund | - | wait until 120
        ",
    );
}

#[test]
fn refunds_over_adjustments() {
    check(
        "
        of an unsent adjustment of nothing we know     | 1 adjustment 5                                | 2 refund | - | send over 1
        of an unsent adjustment of a recorded sale     | 1 sale 10 recorded, 2 adjustment 5            | 3 refund | - | send over 2
        of an unsent adjustment of an unsent sale      | 1 sale 10, 2 adjustment 5                     | 3 refund | - | cancel with 1 2
        of an uncertain sale and its adjustment        | 1 sale 10 uncertain, 2 adjustment 5           | 3 refund | - | send over 1 2
        of an adjustment between its two steps         | 1 sale 10 recorded, 2 adjustment 5 deleted    | 3 refund | - | send over 2
        of an adjustment that may be there             | 1 sale 10 recorded, 2 adjustment 5 deleted uncertain | 3 refund | - | send over 2
        of an adjustment that may still arrive         | 2 adjustment 5 deleted uncertain quiet 101    | 3 refund | - | wait until 101
        of an adjustment in flight                     | 1 sale 10 recorded, 2 adjustment 5 claimed    | 3 refund | - | wait
        of an adjusted sale                            | 1 sale 10 recorded, 2 adjustment 5 adjusted   | 3 refund | - | send
        of a dead adjustment                           | 1 sale 10 recorded, 2 adjustment 5 dead       | 3 refund | - | send
        refunded, and an unsent adjustment since       | 1 refund refunded, 2 adjustment 5             | 3 refund | - | cancel with 2
        refunded, and a dead adjustment since: it must find a tombstone | 1 refund refunded, 2 adjustment 5 dead | 3 refund | - | duplicate
        refunded, and since then it may be there       | 1 refund refunded, 2 adjustment 5 dead uncertain | 3 refund | - | send
        ",
    );
}

#[test]
fn refunds_and_refunds() {
    check(
        "
        a second one                                   | 1 refund refunded              | 2 refund | - | duplicate
        after one that had nothing to do               | 1 refund cancelled             | 2 refund | - | duplicate
        the first waits                                | 1 refund                       | 2 refund | - | wait
        the first is in flight                         | 1 refund claimed               | 2 refund | - | wait
        the first is dead                              | 1 refund dead                  | 2 refund | - | park behind 1
        behind the dead one, with a sale to cancel     | 1 refund dead, 2 sale 10 parked | 3 refund | - | park behind 1
        a later one is dead: not its business          | 2 refund dead                  | 1 refund | - | send
        a later one was carried out                    | 2 refund refunded              | 1 refund | - | cancel
        a later adjustment was carried out             | 2 adjustment 5 adjusted        | 1 refund | - | cancel
        it may be done already: a repeat is harmless   | -                              | 1 refund uncertain quiet 500 | - | send
        it may be done, and the sale was never sent    | 1 sale 10                      | 2 refund uncertain | - | send over 1
        the first was discarded                        | 1 refund discarded             | 2 refund | - | send
        it waits for no customer                       | -                              | 2 refund | in flight, first 1, dead sign-up 1 | send
        ",
    );
}
