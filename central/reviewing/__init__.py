"""Papers in review at central: the desk's page about them, and what decisions teach."""
