//! Settings that grow: each is made with its defaults and changed by functions of the names of its parts, so that a new part is no
//! break for those who make them.

/// Functions that set the parts of a settings type, one after another.
macro_rules! setters {
    ($type:ident { $($field:ident: $kind:ty),* $(,)? }) => {
        impl $type {
            $(
                #[doc = concat!("Sets `", stringify!($field), "`; see the field.")]
                #[must_use]
                pub fn $field(mut self, $field: $kind) -> Self {
                    self.$field = $field;
                    self
                }
            )*
        }
    };
}
pub(crate) use setters;
