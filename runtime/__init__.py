"""What a handler stands on: context, store, clock, scheduler, ids, paging, tags, journal, limits."""
