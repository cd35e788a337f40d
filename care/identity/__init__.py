"""Who a person is to the state: personal numbers, and the vault that seals them."""
