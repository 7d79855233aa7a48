"""Links: one way to ask one server, a file for each transport, all behind `link.Link`."""
