"""The flow of the wizard and the operator's words, for whatever surface shows them."""
