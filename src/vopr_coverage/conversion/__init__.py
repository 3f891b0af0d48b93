"""Any report as a simulation stream: for other tools, and for reports of bugs."""
