"""AWS: one folder a service, modules named after AWS's nouns, one function an operation."""
