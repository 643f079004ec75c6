//! Reading typed values from rows, and writing them.

use std::str::FromStr;

use gc_types::UnixMillis;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::StorageError;

pub(crate) fn text(row: &AnyRow, column: &'static str) -> Result<String, StorageError> {
    Ok(row.try_get(column)?)
}

pub(crate) fn opt_text(row: &AnyRow, column: &'static str) -> Result<Option<String>, StorageError> {
    Ok(row.try_get(column)?)
}

pub(crate) fn number(row: &AnyRow, column: &'static str) -> Result<i64, StorageError> {
    Ok(row.try_get(column)?)
}

pub(crate) fn parsed<T: FromStr>(row: &AnyRow, column: &'static str) -> Result<T, StorageError> {
    text(row, column)?.parse().map_err(|_| StorageError::Corrupt(column))
}

pub(crate) fn opt_parsed<T: FromStr>(
    row: &AnyRow,
    column: &'static str,
) -> Result<Option<T>, StorageError> {
    opt_text(row, column)?
        .map(|text| text.parse().map_err(|_| StorageError::Corrupt(column)))
        .transpose()
}

pub(crate) fn named<T>(
    row: &AnyRow,
    column: &'static str,
    from: fn(&str) -> Option<T>,
) -> Result<T, StorageError> {
    from(&text(row, column)?).ok_or(StorageError::Corrupt(column))
}

pub(crate) fn millis(row: &AnyRow, column: &'static str) -> Result<UnixMillis, StorageError> {
    u64::try_from(number(row, column)?).map(UnixMillis).map_err(|_| StorageError::Corrupt(column))
}

pub(crate) fn opt_millis(
    row: &AnyRow,
    column: &'static str,
) -> Result<Option<UnixMillis>, StorageError> {
    let value: Option<i64> = row.try_get(column)?;
    value
        .map(|value| u64::try_from(value).map(UnixMillis))
        .transpose()
        .map_err(|_| StorageError::Corrupt(column))
}

/// A time as stored; the far future stays the far future.
pub(crate) fn stored(time: UnixMillis) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}
