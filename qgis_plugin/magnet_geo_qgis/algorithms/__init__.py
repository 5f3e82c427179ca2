"""The Processing provider and its algorithms: each translates parameters into one or two calls of the engine."""
