"""What a handler stands on: context, store, clock, scheduler, ids, pages, tags, journal, limits."""
