"""Customer-experience measures: survey scores, response, the journey and KPIs over time."""
