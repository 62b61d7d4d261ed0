"""Looking over a server's configuration without network: ``look`` reads, ``findings`` judge."""
