//! The shop's own data: users, sessions, orders. Yours are in a database; these are in a file, written anew at each
//! change.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{error::ShopError, token::Token};

pub struct Product {
    pub id: &'static str,
    pub name: &'static str,
    cents: i64,
}

pub const PRODUCTS: [Product; 3] = [
    Product { id: "grinder", name: "Coffee grinder", cents: 89_00 },
    Product { id: "kettle", name: "Gooseneck kettle", cents: 49_90 },
    Product { id: "beans", name: "Espresso beans, 1 kg", cents: 24_90 },
];

impl Product {
    /// Money is never a floating-point number.
    pub fn price(&self) -> Decimal {
        Decimal::new(self.cents, 2)
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub struct User {
    pub id: String,
    pub name: String,
    pub email: String,
}

/// In the file, a product is its id.
impl Serialize for Product {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.id.serialize(serializer)
    }
}

fn product<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static Product, D::Error> {
    let id = String::deserialize(deserializer)?;
    PRODUCTS.iter().find(|it| it.id == id).ok_or_else(|| D::Error::custom("no such product"))
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Order {
    pub id: String,
    #[serde(deserialize_with = "product")]
    pub product: &'static Product,
    user: String,
    /// The form that made it.
    form: Token,
    refunds: Vec<(Option<Token>, Decimal)>,
}

impl Order {
    pub fn refunded(&self) -> Decimal {
        self.refunds.iter().map(|(_, amount)| amount).sum()
    }

    pub fn remaining(&self) -> Decimal {
        self.product.price() - self.refunded()
    }

    pub fn refund(&mut self) {
        if !self.remaining().is_zero() {
            self.refunds.push((None, self.remaining()));
        }
    }

    /// Once per form, however often it is sent.
    pub fn refund_part(&mut self, form: Token, amount: &str) -> Result<(), ShopError> {
        if self.refunds.iter().any(|(done, _)| done.as_ref() == Some(&form)) {
            return Ok(());
        }
        let mut amount = Decimal::from_str_exact(amount.trim()).unwrap_or_default().normalize();
        if amount <= Decimal::ZERO || amount > self.remaining() || amount.scale() > 2 {
            return Err(ShopError::Amount { most: self.remaining() });
        }
        amount.rescale(2);
        self.refunds.push((Some(form), amount));
        Ok(())
    }
}

/// A clone is a handle of the same shop.
#[derive(Clone)]
pub struct Shop(Arc<Inner>);

struct Inner {
    file: PathBuf,
    data: Mutex<Data>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Data {
    users: Vec<User>,
    orders: Vec<Order>,
    sessions: HashMap<Token, String>,
}

impl Shop {
    /// With what the file says, if there is one.
    pub fn open(file: &Path) -> io::Result<Self> {
        let data = match fs::read(file) {
            Ok(json) => serde_json::from_slice(&json)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Data::default(),
            Err(error) => return Err(error),
        };
        Ok(Self(Arc::new(Inner { file: file.to_owned(), data: Mutex::new(data) })))
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.0.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Data) -> Result<T, ShopError>) -> Result<T, ShopError> {
        self.change_and(change, |_| ())
    }

    /// All of a change or nothing, like a transaction: it is in the file before anybody sees it. Then, under the same lock,
    /// something is made of it.
    fn change_and<T>(
        &self,
        change: impl FnOnce(&mut Data) -> Result<T, ShopError>,
        then: impl FnOnce(&T),
    ) -> Result<T, ShopError> {
        let mut data = self.data();
        let mut changed = data.clone();
        let result = change(&mut changed)?;
        let new = self.0.file.with_extension("new");
        fs::write(&new, serde_json::to_vec(&changed).map_err(io::Error::from)?)?;
        fs::rename(&new, &self.0.file)?;
        *data = changed;
        then(&result);
        Ok(result)
    }

    pub fn sign_up(&self, name: &str, email: &str) -> Result<User, ShopError> {
        let (name, email) = (name.trim().to_owned(), email.trim().to_owned());
        let fits = |text: &str| !text.is_empty() && text.chars().count() <= 100 && !text.contains(char::is_control);
        if !fits(&name) || !fits(&email) || !email.contains('@') {
            return Err(ShopError::SignUp);
        }
        self.change(|data| {
            if data.users.iter().any(|user| user.email.eq_ignore_ascii_case(&email)) {
                return Err(ShopError::EmailTaken);
            }
            let user = User { id: format!("user-{}", data.users.len() + 1), name, email };
            data.users.push(user.clone());
            Ok(user)
        })
    }

    pub fn open_session(&self, session: Token, user: &User) -> Result<(), ShopError> {
        self.change(|data| {
            data.sessions.insert(session, user.id.clone());
            Ok(())
        })
    }

    pub fn close_session(&self, session: &Token) -> Result<(), ShopError> {
        self.change(|data| {
            data.sessions.remove(session);
            Ok(())
        })
    }

    pub fn user_of(&self, session: &Token) -> Option<User> {
        let data = self.data();
        let id = data.sessions.get(session)?;
        data.users.iter().find(|user| user.id == *id).cloned()
    }

    /// Once per form, however often it is sent.
    pub fn place(&self, user: &User, form: Token, product: &str) -> Result<Order, ShopError> {
        let product = PRODUCTS.iter().find(|it| it.id == product).ok_or(ShopError::NotFound)?;
        self.change(|data| {
            if let Some(order) = data.orders.iter().find(|order| order.user == user.id && order.form == form) {
                return Ok(order.clone());
            }
            let id = format!("order-{}", 1001 + data.orders.len());
            let order = Order { id, product, user: user.id.clone(), form, refunds: Vec::new() };
            data.orders.push(order.clone());
            Ok(order)
        })
    }

    /// Newest first.
    pub fn orders(&self, user: &User) -> Vec<Order> {
        self.data().orders.iter().rev().filter(|order| order.user == user.id).cloned().collect()
    }

    /// Changes an order, and tells of it, both under the shop's lock. Another user's order is as good as none.
    pub fn change_order(
        &self,
        user: &User,
        id: &str,
        change: impl FnOnce(&mut Order) -> Result<(), ShopError>,
        tell: impl FnOnce(&Order),
    ) -> Result<(), ShopError> {
        let changed = self.change_and(
            |data| {
                let order = data.orders.iter_mut().find(|order| order.id == id && order.user == user.id);
                let order = order.ok_or(ShopError::NotFound)?;
                change(order)?;
                Ok(order.clone())
            },
            tell,
        );
        changed.map(drop)
    }
}
