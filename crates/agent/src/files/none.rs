//! What stands in when there are no files to be had: every step is answered with
//! why.

use gc_platform::{
    Entry, FileStore, PartialFile, PartialKey, Place, ReadFile, StoreError, StorePath,
};

/// Refuses everything for one reason.
pub(crate) struct NoFiles(pub(crate) StoreError);

impl FileStore for NoFiles {
    fn places(&mut self) -> Result<Vec<Place>, StoreError> {
        Err(self.0.clone())
    }

    fn list(&mut self, _: &StorePath, _: usize) -> Result<(Vec<Entry>, bool), StoreError> {
        Err(self.0.clone())
    }

    fn stat(&mut self, _: &StorePath) -> Result<Entry, StoreError> {
        Err(self.0.clone())
    }

    fn locate(&mut self, _: &StorePath) -> Result<StorePath, StoreError> {
        Err(self.0.clone())
    }

    fn make_folder(&mut self, _: &StorePath) -> Result<(), StoreError> {
        Err(self.0.clone())
    }

    fn rename(&mut self, _: &StorePath, _: &str) -> Result<(), StoreError> {
        Err(self.0.clone())
    }

    fn move_into(&mut self, _: &StorePath, _: &StorePath, _: &str) -> Result<(), StoreError> {
        Err(self.0.clone())
    }

    fn delete(&mut self, _: &StorePath) -> Result<(), StoreError> {
        Err(self.0.clone())
    }

    fn set_folder_time(&mut self, _: &StorePath, _: i64) -> Result<(), StoreError> {
        Err(self.0.clone())
    }

    fn read(&mut self, _: &StorePath) -> Result<Box<dyn ReadFile>, StoreError> {
        Err(self.0.clone())
    }

    fn partial(
        &mut self,
        _: &StorePath,
        _: &PartialKey,
    ) -> Result<Box<dyn PartialFile>, StoreError> {
        Err(self.0.clone())
    }

    fn partial_len(&mut self, _: &StorePath, _: &PartialKey) -> Result<u64, StoreError> {
        Err(self.0.clone())
    }

    fn room(&mut self, _: &StorePath) -> Result<u64, StoreError> {
        Err(self.0.clone())
    }
}
