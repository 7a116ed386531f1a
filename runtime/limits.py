"""Throughput limits as token buckets on the virtual clock; in force with `limits: enforce`."""

from runtime.context import Context

MOST_BUCKETS = 100_000
"""Beyond so many the one that was made first is forgotten, and begins again full."""


def take(
    context: Context, name: str, key: str, rate: float, burst: float, units: float = 1
) -> bool:
    """Take units from the bucket `name` of `key` (a queue, a table, an account).

    rate   units a second that flow back
    burst  what the bucket holds at most

    False when there are too few: the caller raises its service's throttling error. Always True
    without `limits: enforce`.
    """
    if context.config.limits != "enforce":
        return True
    # What was taken stays taken when the operation fails: no rollback gives it back.
    buckets = context.store.scratch("limits")
    bucket = (name, context.account, context.region, key)
    if len(buckets) >= MOST_BUCKETS and bucket not in buckets:
        del buckets[next(iter(buckets))]
    level, since = buckets.get(bucket, (burst, context.now))
    level = min(burst, level + max(0.0, context.now - since) * rate)
    allowed = level >= units
    buckets[bucket] = (level - units if allowed else level, context.now)
    return bool(allowed)
