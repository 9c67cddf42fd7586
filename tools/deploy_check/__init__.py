"""A judge of the deployment: what was built, in an emulator of AWS that nobody here wrote (`make deploy-check`)."""
