"""What tests share: reports, recordings, nights, pages and a GitHub step in a few words each."""
