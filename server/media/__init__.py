"""Calls of three to twelve people: one interface (`engine`), and the engines that keep it."""
