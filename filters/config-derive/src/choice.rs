//! Enums, read from strings.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataEnum, DeriveInput, Error, Fields};

use crate::attributes::Attributes;

pub fn reader(input: &DeriveInput, data: &DataEnum) -> Result<TokenStream, Error> {
    let name = &input.ident;
    let (mut keys, mut arms) = (Vec::new(), Vec::new());
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, "expected a variant without fields"));
        }
        let (ident, at) = (&variant.ident, keys.len());
        keys.push(Attributes::of(&variant.attrs)?.rename.unwrap_or_else(|| snake_case(&ident.to_string())));
        arms.push(quote!(#at => Self::#ident));
    }
    let Some(last) = data.variants.last().map(|variant| &variant.ident) else {
        return Err(Error::new_spanned(input, "expected a variant"));
    };
    arms.pop();
    Ok(quote! {
        impl ::deserr::Deserr<::sluicegate_common::config::ConfigErrors> for #name {
            fn deserialize_from_value<V: ::deserr::IntoValue>(
                value: ::deserr::Value<V>,
                location: ::deserr::ValuePointerRef<'_>,
            ) -> ::core::result::Result<Self, ::sluicegate_common::config::ConfigErrors> {
                let at = ::sluicegate_common::config::record::choose(value, location, &[#(#keys,)*])?;
                ::core::result::Result::Ok(match at { #(#arms,)* _ => Self::#last })
            }
        }
    })
}

pub fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
