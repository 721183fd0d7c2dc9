module stowage.dev/tests/e2e/app

go 1.26.0
