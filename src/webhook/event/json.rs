//! JSON objects read field by field: a field of an odd type spoils no other.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::webhook::event::scalar::Json;

/// What is read from an object. Of fields with the same name, the last counts.
pub(super) trait FromFields<'de>: Default {
    fn set<A: MapAccess<'de>>(&mut self, name: &str, field: Field<'_, A>) -> Result<(), A::Error>;
}

/// Which field is read how: `fields!(Type { field: reader, … })`, where the readers are the methods of [`Field`].
macro_rules! fields {
    ($type:ident { $($field:ident: $reader:ident),* $(,)? }) => {
        impl<'de> crate::webhook::event::json::FromFields<'de> for $type {
            fn set<A: serde::de::MapAccess<'de>>(
                &mut self,
                name: &str,
                field: crate::webhook::event::json::Field<'_, A>,
            ) -> Result<(), A::Error> {
                match name {
                    $(stringify!($field) => self.$field = field.$reader()?,)*
                    _ => field.skip()?,
                }
                Ok(())
            }
        }
    };
}
pub(super) use fields;

/// Reads the fields of an object as far as it can, and says whether all of the text was one.
pub(super) fn fill<'de, T: FromFields<'de>>(it: &mut T, text: &'de str) -> bool {
    read(it, text, Pace::Hasty).unwrap_or_else(|_| {
        // A number beyond all bounds where a list belongs, say. One by one, none spoils another.
        *it = T::default();
        read(it, text, Pace::Patient).unwrap_or(false)
    })
}

fn read<'de, T: FromFields<'de>>(it: &mut T, text: &'de str, pace: Pace) -> serde_json::Result<bool> {
    let mut json = serde_json::Deserializer::from_str(text);
    let is_object = Object { it, pace }.deserialize(&mut json)?;
    json.end().map(|()| is_object)
}

fn one<'de, T: FromFields<'de>>(text: &'de str) -> Option<T> {
    let mut it = T::default();
    fill(&mut it, text).then_some(it)
}

/// How lists and objects within an object are read.
#[derive(Clone, Copy, PartialEq)]
enum Pace {
    /// Where they lie: the text is gone through once.
    Hasty,
    /// Each by itself.
    Patient,
}

/// The texts of a list: as such, or as objects with a `value` (tags). `None` if it is no list.
pub(super) fn texts(text: &str) -> Option<Vec<String>> {
    let elements: Vec<Json<'_>> = serde_json::from_str(text).ok()?;
    let text_of = |element: &Json<'_>| element.text().or_else(|| one::<Tag>(element.as_str())?.value);
    Some(elements.iter().filter_map(text_of).collect())
}

#[derive(Default)]
struct Tag {
    value: Option<String>,
}

fields!(Tag { value: text });

/// The value of a field that comes next.
pub(super) struct Field<'m, A> {
    map: &'m mut A,
    pace: Pace,
}

impl<'de, A: MapAccess<'de>> Field<'_, A> {
    pub(super) fn json(self) -> Result<Json<'de>, A::Error> {
        self.map.next_value()
    }

    pub(super) fn skip(self) -> Result<(), A::Error> {
        self.map.next_value::<IgnoredAny>().map(|_| ())
    }

    /// An object's fields. `None` if it is no object.
    pub(super) fn object<T: FromFields<'de>>(self) -> Result<Option<T>, A::Error> {
        if self.pace == Pace::Patient {
            return Ok(one(self.json()?.as_str()));
        }
        let mut it = T::default();
        Ok(self.map.next_value_seed(Object { it: &mut it, pace: self.pace })?.then_some(it))
    }

    /// The objects of a list, without what is none.
    pub(super) fn list<T: FromFields<'de>>(self) -> Result<Vec<T>, A::Error> {
        if self.pace == Pace::Patient {
            let elements: Vec<Json<'_>> = serde_json::from_str(self.json()?.as_str()).unwrap_or_default();
            return Ok(elements.iter().filter_map(|element| one(element.as_str())).collect());
        }
        let mut all = Vec::new();
        self.map.next_value_seed(List(&mut all))?;
        Ok(all)
    }
}

/// The readers of single values: see [`Json`].
macro_rules! readers {
    ($($reader:ident: $type:ty),* $(,)?) => {
        impl<'de, A: MapAccess<'de>> Field<'_, A> {
            $(pub(super) fn $reader(self) -> Result<$type, A::Error> {
                Ok(self.json()?.$reader())
            })*
        }
    };
}

readers!(
    text: Option<String>,
    key: Option<String>,
    number: Option<rust_decimal::Decimal>,
    count: Option<u64>,
    flag: Option<bool>,
    texts: Vec<String>,
);

/// Fills in what the fields of an object say. Anything else is passed over. Whether it was an object.
struct Object<'t, T> {
    it: &'t mut T,
    pace: Pace,
}

/// Adds the objects of a list. Anything else is passed over. Whether it was a list.
struct List<'t, T>(&'t mut Vec<T>);

/// The name of a field, where it lies if it can be.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Numbers, texts and the like are no container.
macro_rules! pass_over_scalars {
    ($($visit:ident: $type:ty),*) => {
        $(fn $visit<E>(self, _: $type) -> Result<bool, E> {
            Ok(false)
        })*

        fn visit_unit<E>(self) -> Result<bool, E> {
            Ok(false)
        }

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("anything")
        }
    };
}

impl<'de, T: FromFields<'de>> Visitor<'de> for Object<'_, T> {
    type Value = bool;

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            self.it.set(&name, Field { map: &mut map, pace: self.pace })?;
        }
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    pass_over_scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
}

impl<'de, T: FromFields<'de>> Visitor<'de> for List<'_, T> {
    type Value = bool;

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        loop {
            let mut it = T::default();
            match list.next_element_seed(Object { it: &mut it, pace: Pace::Hasty })? {
                None => return Ok(true),
                Some(is_object) => self.0.extend(is_object.then_some(it)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    pass_over_scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
}

impl<'de, T: FromFields<'de>> DeserializeSeed<'de> for Object<'_, T> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<bool, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, T: FromFields<'de>> DeserializeSeed<'de> for List<'_, T> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<bool, D::Error> {
        json.deserialize_any(self)
    }
}
